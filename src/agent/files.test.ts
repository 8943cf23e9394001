import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Json, JsonMap } from "../model/json.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import { Files } from "./files.ts";

const { signal } = new AbortController();

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function role(options: JsonMap, files: Record<string, string> = {}): RolePlan {
  return { name: "app", tool: "puppet", options, files } as unknown as RolePlan;
}

/** Serves files by name, and counts what was asked for. */
async function serve(files: Record<string, Buffer>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body = files[(request.url ?? "").slice(1)];
    response.writeHead(body === undefined ? 404 : 200);
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function pathOf(options: JsonMap): string {
  return options["modulepath"] as string;
}

test("a bundle is unpacked once, with its modes and bytes, and options get its path", async () => {
  const folder = makeFolder();
  const bundle = [
    { path: "app/run.sh", executable: true as const, text: "echo ö\n" },
    { path: "app/logo", base64: "AAH/" },
  ];
  const plan = role({ modulepath: ["modules", "/opt/x"], tags: "modules" }, { modules: "d1" });
  const { options } = await new Files(folder, { d1: bundle }).resolve(plan, signal);
  expect(options).toEqual({ modulepath: [join(folder, "d1"), "/opt/x"], tags: "modules" });
  expect(readFileSync(join(folder, "d1/app/run.sh"), "utf8")).toBe("echo ö\n");
  expect(statSync(join(folder, "d1/app/run.sh")).mode & 0o777).toBe(0o755);
  expect([...readFileSync(join(folder, "d1/app/logo"))]).toEqual([0, 1, 255]);

  // An agent that was killed finds what it had made.
  rmSync(join(folder, "d1/app/logo"));
  await new Files(folder, { d1: bundle }).resolve(plan, signal);
  expect(existsSync(join(folder, "d1/app/logo"))).toBe(false);
});

test("a hook that has travelled has an absolute path, one of the vm keeps its own", async () => {
  const folder = makeFolder();
  const files = new Files(folder, { d1: [{ path: "say", executable: true, text: "#!/bin/sh\n" }] });
  const toolOf = async (tool: string): Promise<string> =>
    (await files.resolve({ ...role({}, { "./hooks/say": "d1/say" }), tool }, signal)).tool;
  expect(await toolOf("hook:./hooks/say")).toBe(`hook:${folder}/d1/say`);
  expect(await toolOf("hook:/usr/bin/say")).toBe("hook:/usr/bin/say");
});

test("what an agent that was killed had not finished is made anew", async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, ".making/of-1/app"), { recursive: true });
  const files = new Files(folder, { d1: [{ path: "site.pp", text: "x" }] });
  const { options } = await files.resolve(role({ modulepath: "conf/site.pp" }, { "conf/site.pp": "d1/site.pp" }), signal);
  expect(readFileSync(pathOf(options), "utf8")).toBe("x");
  expect(readdirSync(join(folder, ".making"))).toEqual([]);
});

test.for(["tar", "tar.gz", "zip"])("a download that is a %s is unpacked, whatever its address is called", async (kind) => {
  const folder = makeFolder();
  mkdirSync(join(folder, "app"));
  writeFileSync(join(folder, "app/init.pp"), "class app {}\n");
  const zip = "import zipfile; z = zipfile.ZipFile('made', 'w', 8); z.write('app/init.pp'); z.close()";
  if (kind === "zip") execFileSync("python3", ["-c", zip], { cwd: folder });
  else execFileSync("tar", [kind === "tar" ? "-cf" : "-czf", "made", "app"], { cwd: folder });
  const made = readFileSync(join(folder, "made"));
  const { url, asked } = await serve({ download: made });
  const files = new Files(join(folder, "files"));
  const modulepath: Json = [{ url: `${url}/download`, sha256: digestOf(made).toUpperCase() }];
  const roles = await Promise.all([1, 2].map(() => files.resolve(role({ modulepath }), signal)));
  const [path] = (roles[0] as RolePlan).options["modulepath"] as string[];
  expect(readFileSync(join(path as string, "app/init.pp"), "utf8")).toBe("class app {}\n");
  expect(roles[1]).toEqual(roles[0]);
  expect(asked).toEqual(["/download"]);
});

test("a download that is no archive is a file of its name", async () => {
  const folder = makeFolder();
  const bytes = Buffer.from("class app {}\n");
  const { url } = await serve({ "a/site.pp": bytes });
  const modulepath = { url: `${url}/a/site.pp`, sha256: digestOf(bytes) };
  const { options } = await new Files(folder).resolve(role({ modulepath }), signal);
  expect(pathOf(options)).toMatch(/\/site\.pp$/);
  expect(readFileSync(pathOf(options))).toEqual(bytes);
});

test("a download that fails, or is another file, says so and leaves nothing; the next attempt asks again", async () => {
  const folder = makeFolder();
  const good = Buffer.from("good");
  const served: Record<string, Buffer> = { other: Buffer.from("bad") };
  const { url } = await serve(served);
  const files = new Files(folder);
  const resolve = async (name: string, from = url): Promise<JsonMap> =>
    (await files.resolve(role({ modulepath: { url: `${from}/${name}`, sha256: digestOf(good) } }), signal)).options;
  await expect(resolve("gone")).rejects.toThrow(`cannot fetch ${url}/gone: the server says 404`);
  await expect(resolve("other")).rejects.toThrow(`${url}/other is not the file that is meant: its SHA-256 is`);
  await expect(resolve("x", "http://127.0.0.1:1")).rejects.toThrow("cannot fetch http://127.0.0.1:1/x: ");
  served["gone"] = good;
  expect(readFileSync(pathOf(await resolve("gone")), "utf8")).toBe("good");
});

test("an archive that cannot be unpacked says why", async () => {
  const folder = makeFolder();
  const broken = Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(100)]);
  const { url } = await serve({ broken });
  const modulepath = { url: `${url}/broken`, sha256: digestOf(broken) };
  await expect(new Files(folder).resolve(role({ modulepath }), signal)).rejects.toThrow(`cannot unpack ${url}/broken: `);
  expect(readdirSync(folder)).toEqual([".making"]);
});
