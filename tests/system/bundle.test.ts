// The agent's one file, as it travels to vms: small, without dependencies, and at home on an older Node.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "./stack-bed.ts";

const agent = join(root, "dist/agent.cjs");
const text = readFileSync(agent, "utf8");

test("the agent's bundle is at most 48 kB gzipped: a vm fetches it at every first boot", () => {
  const [shims, ...program] = text.split("\n");
  expect(shims).toMatch(/^var weftShims = \{.*\};$/);
  expect(gzipSync(program.join("\n")).length).toBeLessThanOrEqual(48 * 1024);
});

test("the shims of a tool add at most 8 kB gzipped to that", () => {
  const shims = JSON.parse(text.slice(text.indexOf("{"), text.indexOf("\n") - 1)) as Record<string, string>;
  const tools = new Set(Object.keys(shims).map((name) => name.replace(/[-.].*/, "")));
  expect([...tools].sort()).toEqual(["ansible", "chef", "client", "lazy", "murano", "puppet", "salt", "script"]);
  for (const tool of tools) {
    const own = Object.keys(shims).filter((name) => name.startsWith(tool));
    // What tools share comes along in the languages that they have shims in.
    const shared = Object.keys(shims).filter(
      (name) => /^(client|lazy)\./.test(name) && own.some((one) => extname(one) === extname(name)),
    );
    const texts = [...new Set([...own, ...shared])].map((name) => shims[name]);
    expect(gzipSync(texts.join("")).length, tool).toBeLessThanOrEqual(8 * 1024);
  }
});

test("each YAML library is only where it is needed", () => {
  const [check, hub] = ["check.cjs", "hub.mjs"].map((name) => readFileSync(join(root, "dist", name), "utf8"));
  // What each of them throws.
  const [reader, writer] = ["YAMLException", "YAMLParseError"];
  expect(check).toContain(reader);
  expect(check).not.toContain(writer);
  for (const bundle of [hub, text]) for (const name of [reader, writer]) expect(bundle).not.toContain(name);
});

test("the agent's bundle asks for modules of Node only, and not for SQLite", () => {
  const names = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map((match) => (match[1] as string).replace(/^node:/, ""));
  const foreign = names.filter((name) => !builtinModules.includes(name));
  expect(names.length).toBeGreaterThan(5);
  expect(foreign).toEqual([]);
  expect(names).not.toContain("sqlite");
});

test("the agent's bundle runs on every Node that this machine has", () => {
  const nodes = spawnSync("which", ["-a", "node"], { encoding: "utf8" }).stdout.trim().split("\n");
  for (const node of [process.execPath, ...nodes]) {
    const { status, stderr } = spawnSync(node, [agent], { encoding: "utf8" });
    expect({ node, status, stderr }).toEqual({
      node,
      status: 2,
      stderr: "usage: weft agent --vm FILE [--state DIR] | --config FILE\n",
    });
  }
});

test("commands that need no database run on the Node that is there, the others find the newer one", () => {
  const nodes = spawnSync("which", ["-a", "node"], { encoding: "utf8" }).stdout.trim().split("\n");
  for (const node of nodes) {
    const check = spawnSync(node, [join(root, "bin/weft.js"), "check", join(root, "examples/shop/stack.yaml")], {
      encoding: "utf8",
    });
    expect({ node, status: check.status }).toEqual({ node, status: 0 });
    const up = spawnSync(node, [join(root, "bin/weft.js"), "up", join(root, "examples/handshake/stack.yaml"), "--json"], {
      encoding: "utf8",
    });
    expect({ node, status: up.status }).toEqual({ node, status: 0 });
  }
});
