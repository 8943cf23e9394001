// A whole cloud for tests: real Heat, servers that boot by the real cloud-init, a hub that they reach, and a server that hears from roles.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { heatMissing, startHeat, type HeatBed } from "../engines/heat.ts";
import { openNetnsCloud, type NetnsCloud } from "../engines/netns-cloud.ts";
import { childOf, lanNet } from "../../src/machines/lan.ts";
import { root } from "./stack-bed.ts";
import { netnsMissing, testImage } from "./vm-bed.ts";

/** Where templates send what their roles tell the test: `curl -s -d TEXT $EAR`. */
export const ear = `http://${lanNet.gateway}:8400`;
export const hubUrl = `https://${lanNet.gateway}:8470`;
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
  /** What roles have told, in order. */
  readonly heard: string[] = [];
  /** Of the hub's certificate. */
  fingerprint = "";
  #hub: ChildProcess | undefined;

  private constructor(heat: HeatBed, nets: NetnsCloud) {
    this.heat = heat;
    this.nets = nets;
  }

  static async open(): Promise<CloudBed> {
    const nets = await openNetnsCloud(await testImage());
    try {
      const bed = new CloudBed(await startHeat({ lan: nets.lan, boot: (server) => nets.boot(server) }), nets);
      const listener = createServer((request, response) => {
        void text(request).then((told) => {
          bed.heard.push(told);
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

  async startHub(): Promise<void> {
    const { host } = new URL(hubUrl);
    const tls = ["--tls", "self-signed", "--tls-cert", join(this.folder, "hub.crt"), "--tls-key", join(this.folder, "hub.key")];
    const args = ["hub", "--listen", host, "--coordinator", `embedded:${join(this.folder, "hub")}`, ...tls];
    this.#hub = this.heat.spawn([process.execPath, join(root, "bin/weft.js"), ...args], { env: { WEFT_TOKEN_KEY: tokenKey } });
    this.#hub.stderr?.pipe(process.stderr);
    let said = "";
    for await (const chunk of (this.#hub.stdout as Readable).setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      this.fingerprint = /fingerprint: (\S+)/.exec(said)?.[1] ?? "";
      if (this.fingerprint !== "") return;
    }
    throw new Error(`the hub has ended; it said: ${said}`);
  }

  /** Ends the hub as a power cut does. */
  async killHub(): Promise<void> {
    if (this.#hub === undefined) return;
    const ended = once(this.#hub, "exit");
    process.kill(childOf(this.#hub.pid as number) as number, "SIGKILL");
    await ended;
  }

  /** Runs weft as the user of the cloud who also runs the hub. */
  weft(...args: string[]): ReturnType<HeatBed["run"]> {
    return this.heat.run([process.execPath, join(root, "bin/weft.js"), ...args], {
      cwd: this.folder,
      env: { WEFT_TOKEN_KEY: tokenKey },
    });
  }

  /** Deploys a template, and tells how it ended and which roles ended how on the way. */
  async deploy(file: string, name: string, ...args: string[]): Promise<Deployed> {
    const { status, stdout, stderr } = await this.weft(
      "deploy",
      file,
      name,
      "--hub",
      hubUrl,
      "--fingerprint",
      this.fingerprint,
      "--json",
      ...args,
    );
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

  /** Takes what roles have told since the last time. */
  takeHeard(): string[] {
    return this.heard.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.heat[Symbol.asyncDispose]();
    await this.nets[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
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
