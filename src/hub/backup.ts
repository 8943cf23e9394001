// GET /v1/backup: a copy of the coordinator's store as a file. It holds all stacks, so no stack's operator may have it.
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { HubCore } from "./hub-core.ts";
import { readToken, Refusal } from "./http-request.ts";

/** Sends the copy; the response is over then. Throws a Refusal before anything is sent. */
export async function sendBackup(core: HubCore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!core.isHubToken(readToken(request)))
    throw new Refusal(401, "this is not the token of who runs this hub", '"weft backup" makes it from WEFT_TOKEN_KEY');
  if (request.method !== "GET") throw new Refusal(405, "backup takes GET");
  if (core.backup === undefined)
    throw new Refusal(501, "the coordinator of this hub is no file of its own", "back it up by the engine's own tools");
  const folder = await mkdtemp(join(tmpdir(), "weft-backup-"));
  try {
    const file = join(folder, "weft.sqlite");
    await core.backup(file);
    const { size } = await stat(file);
    response.writeHead(200, { "content-type": "application/vnd.sqlite3", "content-length": size, "cache-control": "no-store" });
    await pipeline(createReadStream(file), response);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
