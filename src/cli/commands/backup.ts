// weft backup: copies what a running hub has on its disk into a file here.
import { open, rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { isFingerprint } from "../../coordinator/backends/hub-tls.ts";
import { hubToken } from "../../hub/tokens.ts";
import { Failure, messageOf } from "../../model/failure.ts";
import { askUrl } from "../../monitor/follow.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";

export const command = {
  summary: "copy what a running hub has on its disk",
  help: `
usage: weft backup --hub URL [--fingerprint SHA256] FILE

Copies the embedded coordinator of a running hub into FILE, which must not be there yet: all stacks, as of one moment. To
restore, put FILE into an empty directory as weft.sqlite and start "weft hub --coordinator embedded:DIR".
The key of the hub is read from the environment variable WEFT_TOKEN_KEY.

  --hub URL             the hub
  --fingerprint SHA256  the certificate that an https hub must show, as "weft hub" prints it`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { hub: { type: "string" }, fingerprint: { type: "string" } },
    });
    const [file, ...more] = positionals;
    const tokenKey = process.env["WEFT_TOKEN_KEY"];
    const { fingerprint } = values;
    if (file === undefined || more.length > 0) throw new UsageError("name one file");
    if (values.hub === undefined) throw new UsageError("say which hub: --hub URL");
    if (tokenKey === undefined) throw new UsageError("set WEFT_TOKEN_KEY to the key of the hub");
    if (fingerprint !== undefined && !isFingerprint(fingerprint))
      throw new UsageError(`--fingerprint ${fingerprint} is no SHA-256: 64 hexadecimal digits`);
    const hub = new URL(values.hub).origin;
    const access = { hub, token: hubToken(tokenKey), ...(fingerprint === undefined ? {} : { fingerprint }) };
    const answer = await askUrl(access, new URL("/v1/backup", hub));
    await save(file, answer.body as ReadableStream<Uint8Array>);
    return exitCodes.done;
  },
} satisfies Command;

// All of it on the disk, or no file.
async function save(file: string, body: ReadableStream<Uint8Array>): Promise<void> {
  const fail = (error: unknown): never => {
    throw new Failure("give-up", "disk", `the backup could not be saved in ${file}: ${messageOf(error)}`, { cause: error });
  };
  const handle = await open(file, "wx", 0o600).catch(fail);
  try {
    for await (const chunk of body) await handle.writeFile(chunk);
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    fail(error);
  } finally {
    await handle.close();
  }
}
