#!/usr/bin/env node
// Starts the command line on a Node that it can run on: the one that is there, or the newer one that npm brought.
if (process.getBuiltinModule === undefined) {
  process.stderr.write(`weft needs Node 20.16 or newer, and this is ${process.version}\n`);
  process.exit(2);
}
// An import would make all of a module at once, its streams and promises too.
const { existsSync } = process.getBuiltinModule("node:fs");
const module = process.getBuiltinModule("node:module");
const { dirname, join } = process.getBuiltinModule("node:path");
const { fileURLToPath, pathToFileURL } = process.getBuiltinModule("node:url");

// From its second start on, the command line is not compiled again.
module.enableCompileCache?.();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
// The embedded coordinator stands on node:sqlite without a flag.
const needsSqlite = new Set(["up", "hub"]);
const [major, minor] = process.versions.node.split(".").map(Number);
const tooOld = major < 22 || (major === 22 && minor < 13);

if (existsSync(join(root, "src"))) {
  const { buildIfStale } = await import("./build.js");
  await buildIfStale();
}
if (tooOld && needsSqlite.has(process.argv[2])) await runOn(newerNode());
// What is run most often, at every keystroke of some: one file that starts sooner than several modules do.
else if (process.argv[2] === "check") module.createRequire(import.meta.url)(join(root, "dist/check.cjs"));
else await import(pathToFileURL(join(root, "dist/cli.js")).href);

function newerNode() {
  try {
    const name = `node-${process.platform}-${process.arch}`;
    return join(dirname(module.createRequire(import.meta.url).resolve(`${name}/package.json`)), "bin/node");
  } catch {
    process.stderr.write(
      `weft ${process.argv[2]} needs Node 24, and this is ${process.version}.\nhint: run "npm ci" in the checkout (it brings one for this system), or install Node 24\n`,
    );
    process.exit(2);
  }
}

async function runOn(node) {
  const { spawn } = await import("node:child_process");
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  // A terminal sends Ctrl-C to both, others to this process alone; the child takes each signal once, and all alike.
  process.once("SIGINT", () => child.kill("SIGTERM"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  child.on("exit", (code, signal) => (signal === null ? process.exit(code) : process.kill(process.pid, signal)));
}
