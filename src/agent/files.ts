// The files that roles name, as absolute paths on this vm: what travelled with the plan unpacked, downloads fetched and checked.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bundle } from "../model/bundle.ts";
import type { Json, JsonMap } from "../model/json.ts";
import { findTool, hookPath } from "../model/tool-names.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import { fetchFile, locateDownload } from "./fetch-file.ts";

/** Unpacks and fetches into a folder of the vm, each bundle and download once. */
export class Files {
  readonly #folder: string;
  readonly #bundles: Record<string, Bundle>;
  readonly #making = new Map<string, Promise<string>>();

  constructor(folder: string, bundles: Record<string, Bundle> = {}) {
    this.#folder = folder;
    this.#bundles = bundles;
    // What a killed agent was about.
    rmSync(join(folder, ".making"), { recursive: true, force: true });
  }

  /** Returns a role with absolute paths in its options and of its hook. Rejects when a download fails, or is another than it should be. */
  async resolve(role: RolePlan, signal: AbortSignal): Promise<RolePlan> {
    const { tool, options, files = {} } = role;
    const resolved: JsonMap = { ...options };
    for (const name of findTool(tool)?.pathOptions ?? []) {
      const given = options[name];
      if (given === undefined) continue;
      const list = Array.isArray(given) ? given : [given];
      const paths = await Promise.all(list.map((item) => this.#locate(item, files, signal)));
      resolved[name] = Array.isArray(given) ? paths : (paths[0] as Json);
    }
    const hook = hookPath(tool);
    if (hook === undefined) return { ...role, options: resolved };
    return { ...role, options: resolved, tool: `hook:${(await this.#locate(hook, files, signal)) as string}` };
  }

  async #locate(item: Json, files: Record<string, string>, signal: AbortSignal): Promise<Json> {
    if (typeof item === "string") {
      const packed = files[item];
      if (packed === undefined) return item;
      const [digest = "", ...file] = packed.split("/");
      const bundle = this.#bundles[digest];
      if (bundle === undefined) throw new Error(`the plan does not hold the files of "${item}"`);
      return join(await this.#once(digest, (folder) => unpack(bundle, folder)), ...file);
    }
    // Anything else the adapter will refuse.
    if (!isDownload(item)) return item;
    const { url } = item;
    const sha256 = item.sha256.toLowerCase();
    return locateDownload(await this.#once(sha256, (folder) => fetchFile({ url, sha256 }, folder, signal)), url);
  }

  // Whole or not at all: what has the final name was renamed to it.
  #once(digest: string, make: (folder: string) => void | Promise<void>): Promise<string> {
    const known = this.#making.get(digest);
    if (known !== undefined) return known;
    const making = this.#make(digest, make);
    this.#making.set(digest, making);
    // A download may go better the next time.
    making.catch(() => this.#making.delete(digest));
    return making;
  }

  async #make(digest: string, make: (folder: string) => void | Promise<void>): Promise<string> {
    const place = join(this.#folder, digest);
    if (existsSync(place)) return place;
    mkdirSync(join(this.#folder, ".making"), { recursive: true });
    const folder = mkdtempSync(join(this.#folder, ".making", "of-"));
    await make(folder);
    renameSync(folder, place);
    return place;
  }
}

function isDownload(item: Json): item is { url: string; sha256: string } {
  if (item === null || typeof item !== "object" || Array.isArray(item)) return false;
  return typeof item["url"] === "string" && typeof item["sha256"] === "string";
}

function unpack(bundle: Bundle, folder: string): void {
  for (const file of bundle) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    const content = "text" in file ? file.text : Buffer.from(file.base64, "base64");
    writeFileSync(path, content, { mode: file.executable === true ? 0o755 : 0o644 });
  }
}
