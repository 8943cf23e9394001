// A whole cloud for tests: real Heat, servers that boot by the real cloud-init, a hub that they reach, and a server that hears from roles.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { heatMissing, startHeat, type HeatBed } from "../engines/heat.ts";
import { openNetnsCloud, type NetnsCloud } from "../engines/netns-cloud.ts";
import { childOf, lanNet } from "../../src/machines/lan.ts";
import { root } from "./stack-bed.ts";
import { netnsMissing, testImage } from "./vm-bed.ts";

/** Where roles tell the test something: `curl -s -d TEXT ${ear}/STACK`. */
export const ear = `http://${lanNet.gateway}:8400`;

/** The URL of a hub with this port. */
export function hubAt(port: number): string {
  return `https://${lanNet.gateway}:${port}`;
}

const tokenKey = "a key for tests only";

/** Why there is no such cloud here; undefined where there is. */
export function cloudMissing(): string | undefined {
  return heatMissing() ?? netnsMissing();
}

export class CloudBed implements AsyncDisposable {
  readonly heat: HeatBed;
  readonly nets: NetnsCloud;
  /** For templates. */
  readonly folder: string = mkdtempSync(join(tmpdir(), "weft-stacks-"));
  readonly hub: BedHub;
  readonly #heard = new Map<string, string[]>();

  private constructor(heat: HeatBed, nets: NetnsCloud) {
    this.heat = heat;
    this.nets = nets;
    this.hub = this.makeHub(8470);
  }

  static async open(): Promise<CloudBed> {
    const nets = await openNetnsCloud(await testImage());
    try {
      const bed = new CloudBed(await startHeat({ lan: nets.lan, boot: (server) => nets.boot(server) }), nets);
      const listener = createServer((request, response) => {
        void text(request).then((told) => {
          bed.heardOf(basename(request.url ?? "")).push(told);
          response.end();
        });
      });
      listener.listen(await nets.lan.listen(Number(new URL(ear).port)));
      return bed;
    } catch (error) {
      await nets[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A hub that is still to be started; each has a port of its own. */
  makeHub(port: number): BedHub {
    return new BedHub(this, hubAt(port));
  }

  /** Runs weft as the user of the cloud who also runs the hub. */
  weft(...args: string[]): ReturnType<HeatBed["run"]> {
    return this.heat.run([process.execPath, join(root, "bin/weft.js"), ...args], {
      cwd: this.folder,
      env: { WEFT_TOKEN_KEY: tokenKey },
    });
  }

  /** Deploys a template, and tells how it ended and which roles ended how on the way. */
  async deploy(file: string, name: string, args: string[] = [], { url, fingerprint }: BedHub = this.hub): Promise<Deployed> {
    const hub = ["--hub", url, "--fingerprint", fingerprint];
    const { status, stdout, stderr } = await this.weft("deploy", file, name, ...hub, "--json", ...args);
    const lines = stdout.split("\n").filter((line) => line !== "");
    const events = lines.map((line) => JSON.parse(line) as DeployEvent);
    const last = events.at(-1);
    if (last?.type !== "done") throw new Error(`weft deploy ended with ${status}: ${stderr}`);
    return { status, stackStatus: last.status ?? "", reason: last.reason, outputs: last.outputs ?? {}, events };
  }

  write(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  /** What the roles of a stack have told, in order. */
  heardOf(stack: string): string[] {
    const heard = this.#heard.get(stack) ?? [];
    this.#heard.set(stack, heard);
    return heard;
  }

  /** Takes what they have told since the last time. */
  takeHeard(stack: string): string[] {
    return this.heardOf(stack).splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.heat[Symbol.asyncDispose]();
    await this.nets[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A hub that vms reach, in a process of its own. */
export class BedHub {
  readonly url: string;
  /** Of its certificate, from the first start on. */
  fingerprint = "";
  readonly #bed: CloudBed;
  #process: ChildProcess | undefined;

  constructor(bed: CloudBed, url: string) {
    this.#bed = bed;
    this.url = url;
  }

  async start(): Promise<void> {
    const { host, port } = new URL(this.url);
    const state = join(this.#bed.folder, `hub-${port}`);
    const tls = ["--tls", "self-signed", "--tls-cert", `${state}.crt`, "--tls-key", `${state}.key`];
    const args = ["hub", "--listen", host, "--coordinator", `embedded:${state}`, ...tls];
    this.#process = this.#bed.heat.spawn([process.execPath, join(root, "bin/weft.js"), ...args], {
      env: { WEFT_TOKEN_KEY: tokenKey },
    });
    this.#process.stderr?.pipe(process.stderr);
    let said = "";
    for await (const chunk of (this.#process.stdout as Readable).setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      this.fingerprint = /fingerprint: (\S+)/.exec(said)?.[1] ?? "";
      if (this.fingerprint !== "") return;
    }
    throw new Error(`the hub has ended; it said: ${said}`);
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, "exit");
    process.kill(childOf(this.#process.pid as number) as number, "SIGKILL");
    await ended;
  }
}

interface DeployEvent {
  type: "heat" | "role" | "done";
  id?: string;
  state?: string;
  resource?: string;
  status?: string;
  reason?: string;
  outputs?: Record<string, unknown>;
}

export interface Deployed {
  status: number | null;
  stackStatus: string;
  reason: string | undefined;
  outputs: Record<string, unknown>;
  events: DeployEvent[];
}
