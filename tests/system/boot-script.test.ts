// The part that weft adds to user_data fetches what has the pinned digest, from whoever has it, however late.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { bootScript } from "../../src/compiler/3-emit/boot-script.ts";

const target = mkdtempSync(join(tmpdir(), "weft-test-"));
afterAll(() => rmSync(target, { recursive: true }));

const agent =
  'process.stdout.write(JSON.stringify([process.argv.slice(2), require("node:fs").readFileSync(process.argv[3], "utf8")]));';
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Answers each path with the next of its answers, the last one for ever; undefined is 404. */
async function serve(answers: Record<string, (string | undefined)[]>): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const left = answers[request.url ?? ""] ?? [];
    const answer = left.length > 1 ? left.shift() : left[0];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// The script with its folders below `folder`; what installs the service is left out.
function writeStart(folder: string, sources: string[]): string {
  const pieces = { identity: '{"vm": "it\'s me"}', sources: sources.join("\n") };
  const digests = { agent: sha256(agent), hub: "", page: "", runtime: { x64: sha256("no Node") } };
  const script = bootScript(pieces, digests)
    .join("")
    .replaceAll("/etc/weft", `${folder}/etc`)
    .replaceAll("/opt/weft", `${folder}/opt`);
  const [writing = ""] = script.split("if [ -d /run/systemd/system ]");
  for (const part of ["etc", "opt"]) mkdirSync(join(folder, part), { recursive: true });
  return writing;
}

const run = promisify(execFile);

test("from the first source that has it, again and again until one has", async () => {
  const folder = join(target, "late");
  const { server, url } = await serve({
    "/empty/agent.cjs": [undefined],
    "/agent/agent.cjs": [undefined, "something else", agent],
  });
  try {
    const script = writeStart(folder, [`${url}/empty`, `${url}/agent`]);
    await run("sh", ["-c", script.replace("/var/lib/weft", `${folder}/var`)]);
    // The Node of this run is the one that the vm has.
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
    const { stdout, stderr } = await run(join(folder, "opt/start"), { env });
    expect(JSON.parse(stdout)).toEqual([["--vm", `${folder}/etc/vm.json`], '{"vm": "it\'s me"}\n']);
    expect(stderr).toContain(`weft: cannot fetch ${url}/empty/agent.cjs: `);
    expect(readFileSync(join(folder, "opt/agent.cjs"), "utf8")).toBe(agent);
  } finally {
    server.close();
  }
});

test("a vm without Node fetches one, and one that is there already is not fetched again", async () => {
  const folder = join(target, "without");
  const { server, url } = await serve({ "/agent/node-linux-x64": ["no Node"] });
  try {
    const script = writeStart(folder, [`${url}/agent`]);
    await run("sh", ["-c", script.replace("/var/lib/weft", `${folder}/var`)]);
    writeFileSync(join(folder, "opt/agent.cjs"), agent);
    // Instead of the machine's own programs: a Node that is too old, and otherwise the usual ones.
    const tools = join(folder, "bin");
    mkdirSync(tools);
    writeFileSync(join(tools, "node"), "#!/bin/sh\necho v12.22.0\n", { mode: 0o755 });
    writeFileSync(join(tools, "uname"), "#!/bin/sh\necho x86_64\n", { mode: 0o755 });
    const env = { PATH: `${tools}:/usr/bin:/bin` };
    const failure = await run(join(folder, "opt/start"), { env }).catch((error: unknown) => error as { stderr: string });
    // What was fetched is run: here a text that no shell takes for a program.
    expect(failure.stderr).toContain("node-linux-x64");
    expect(readFileSync(join(folder, "opt/node-linux-x64"), "utf8")).toBe("no Node");
  } finally {
    server.close();
  }
});
