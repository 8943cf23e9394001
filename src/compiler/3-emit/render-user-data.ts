// user_data with everything in it, for vms that no Heat tells anything: other clouds, and this machine's own vms.
import { asciiJson } from "../../model/json.ts";
import type { Deployment, VmIdentity } from "../../model/vm-identity.ts";
import { bootFileName, bootScript, type ProgramDigests } from "./boot-script.ts";
import { boundary, mimeEnd, mimeStart } from "./heat-files.ts";

/** A part of the user's own, evaluated. */
export interface TextPart {
  subtype: string;
  filename?: string;
  text: string;
}

export interface UserDataContent {
  /** Run before what is weft's. */
  parts: TextPart[];
  identity: VmIdentity;
  deployment: Deployment;
  digests: ProgramDigests;
  /** Where vms fetch the agent before they ask the hubs. */
  agentUrl?: string;
  /** Gives gzip as base64. */
  compress(text: string): string;
}

// Below this it is not worth that people cannot read it.
const readableBytes = 8192;

/** Returns a vm's user_data: a MIME text of the user's parts and the script that starts the agent. */
export function renderUserData(content: UserDataContent): string {
  const { identity, agentUrl, digests } = content;
  const deployment = asciiJson(JSON.stringify(content.deployment));
  const isLong = deployment.length > readableBytes;
  const sources = [...(agentUrl === undefined ? [] : [agentUrl]), ...identity.hubs.map((hub) => `${hub}/agent`)];
  const script = bootScript(
    {
      identity: asciiJson(JSON.stringify(identity)),
      sources: sources.join("\n"),
      deployment: isLong ? { packed: content.compress(deployment) } : { plain: deployment },
    },
    digests,
  );
  return renderParts([{ subtype: "x-shellscript", filename: bootFileName, text: script.join("") }, ...content.parts]);
}

/** The parts as one MIME text. */
export function renderParts(parts: TextPart[]): string {
  return `${mimeStart}${parts.map(renderPart).join("\n")}${mimeEnd}`;
}

// cloud-init reads other characters than ASCII as Latin-1, unless a part is encoded.
function renderPart({ subtype, filename, text }: TextPart): string {
  const isAscii = /^[\0-\x7f]*$/.test(text);
  const headers = [
    `Content-Type: text/${subtype}; charset="utf-8"`,
    ...(filename === undefined ? [] : [`Content-Disposition: attachment; filename="${filename}"`]),
    ...(isAscii ? [] : ["Content-Transfer-Encoding: base64"]),
  ];
  return `--${boundary}\n${headers.join("\n")}\n\n${isAscii ? text : base64Of(text)}`;
}

function base64Of(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replace(/(.{76})/g, "$1\n");
}
