// weft compile --target cloud-init: one user_data file a vm, and one for the hub, for clouds without Heat. What Heat would make is made here,
// once: keys lie beside the files, so that a vm of a later compilation belongs to the same stack.
import { randomBytes, randomUUID, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hubScript, type ProgramDigests } from "../compiler/3-emit/boot-script.ts";
import { makeSelfSigned, type TlsFiles } from "../hub/self-signed.ts";
import { rightsTag, vmToken } from "../hub/tokens.ts";
import { HeatPlayer } from "../machines/play-heat.ts";
import { fileNameOf } from "../model/file-name.ts";
import type { Json } from "../model/json.ts";
import { UsageError } from "./command.ts";
import { giveUserData, ownParts } from "./give-user-data.ts";
import { expandGroup, slotValues } from "./place-vms.ts";
import type { GoodTemplate } from "./load-template.ts";

/** Named as the parameters that the template for Heat has. */
export const ownParameters = [
  "weft_hub_urls",
  "weft_hub_fingerprint",
  "weft_token_key",
  "weft_agent_url",
  "weft_program_url",
] as const;

export interface CloudInitOptions {
  folder: string;
  attrs: Record<string, Json>;
  /** Make the hub's user_data too. */
  hubServer: boolean;
  given: Partial<Record<(typeof ownParameters)[number], string>>;
  digests: ProgramDigests;
}

interface Keys {
  stack: string;
  tokenKey: string;
  sealKey: string;
  tls?: TlsFiles;
}

/** Nova's limit; other clouds' may be lower. */
const maxBytes = 49_149;

/** Writes the files (mode 0600) and returns their sizes in bytes by name. Fails with UnknownToUs where only a cloud knows a value. */
export function writeCloudInit(compiled: GoodTemplate, options: CloudInitOptions): Map<string, number> {
  const { template, resolved, plan, generation } = compiled;
  const { given, folder, digests } = options;
  const hubs = given.weft_hub_urls?.split(",").map((url) => url.trim().replace(/\/$/, "")) ?? [];
  if (hubs.length === 0) throw new UsageError("say where vms find the hub: -P weft_hub_urls=https://HOST:8470");
  const keys = findKeys(options, hubs);
  const fingerprint = keys.tls === undefined ? given.weft_hub_fingerprint : new X509Certificate(keys.tls.cert).fingerprint256;
  const { stack, tokenKey, sealKey } = keys;
  const heat = new HeatPlayer({ template, resolved, stack, addresses: new Map(), attrs: options.attrs });
  const files = new Map<string, string>();
  for (const member of plan.vms.flatMap((one) => expandGroup(plan, one, heat))) {
    const config = {
      stack,
      generation,
      vm: member.id,
      hubs,
      ...(fingerprint === undefined ? {} : { hubFingerprint: fingerprint }),
      token: vmToken(tokenKey, stack, member.id),
      tag: rightsTag(tokenKey, stack, member.id, generation, member.plan.rights),
      sealKey,
      plan: member.compiled,
      values: slotValues(plan, member, heat),
    };
    const text = giveUserData(config, ownParts(resolved, member, heat), digests, given.weft_agent_url);
    checkSize(member.id, text);
    files.set(`${fileNameOf(member.id)}.user_data`, text);
  }
  const hubFile = files.has("hub.user_data") ? "weft-hub.user_data" : "hub.user_data";
  if (options.hubServer) files.set(hubFile, hubUserData(keys, options));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writePrivate(join(folder, name), text);
  return new Map([...files].map(([name, text]) => [name, Buffer.byteLength(text)]));
}

function checkSize(vm: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return;
  throw new UsageError(
    `user_data of ${vm} has ${bytes} bytes, its plan among them; Nova takes ${maxBytes}: let its roles fetch what is big`,
  );
}

function hubUserData({ tokenKey, tls }: Keys, { given, digests }: CloudInitOptions): string {
  const source = given.weft_program_url;
  if (source === undefined)
    throw new UsageError(
      "say from where the hub fetches hub.mjs, page.html, agent.cjs and node-linux-x64: -P weft_program_url=https://...",
    );
  return hubScript({ tokenKey, source, ...(tls === undefined ? {} : { tls }) }, digests).join("");
}

// The key of a hub that is there already is the hub's to give; that of a hub of ours is made, and so is its certificate.
function findKeys({ folder, hubServer, given }: CloudInitOptions, hubs: string[]): Keys {
  const file = join(folder, "weft-keys.json");
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Keys) : undefined;
  const tokenKey = given.weft_token_key ?? known?.tokenKey ?? (hubServer ? randomBytes(32).toString("hex") : undefined);
  if (tokenKey === undefined || tokenKey.length < 16)
    throw new UsageError("give the hub's key, of 16 characters or more: -P weft_token_key=@FILE (or make a hub: --hub-server)");
  const isTls = hubServer && hubs.every((url) => url.startsWith("https:"));
  const tls = isTls ? (known?.tls ?? makeSelfSigned(hubs.map((url) => new URL(url).hostname))) : undefined;
  const keys: Keys = {
    stack: known?.stack ?? randomUUID(),
    tokenKey,
    sealKey: known?.sealKey ?? randomBytes(32).toString("hex"),
    ...(tls === undefined ? {} : { tls }),
  };
  mkdirSync(folder, { recursive: true });
  writePrivate(file, `${JSON.stringify(keys, null, 2)}\n`);
  return keys;
}

function writePrivate(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  // The mode counts only for a file that is made.
  chmodSync(file, 0o600);
}
