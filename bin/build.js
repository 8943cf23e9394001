// Bundles dist/: the command line (split, so that a command loads only its own part) and the agent (one file that travels to vms).
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// The shims' texts inside a bundle, in place of what reads their files.
function shimTexts(contents, filter = /\/src\/agent\/shim-texts\.ts$/) {
  return { name: "shim-texts", setup: ({ onLoad }) => onLoad({ filter }, () => ({ contents, loader: "js" })) };
}

function readShims(folder) {
  const names = readdirSync(folder).filter((name) => /\.(py|rb|bash)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, shorten(readFileSync(join(folder, name), "utf8"), name)]));
}

// None of the languages minds how deep an indentation is, and only Python whether there is one.
function shorten(text, name) {
  const indent = name.endsWith(".py") ? (spaces) => " ".repeat(spaces.length / 4) : () => "";
  return text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/^ +/gm, indent)
    .replace(/\n{2,}/g, "\n");
}

/** Builds everything; throws when a bundle cannot be made. */
export async function build() {
  const { build: bundle } = await import("esbuild");
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    minifySyntax: true,
    logLevel: "warning",
    legalComments: "none",
  };
  const shims = `var weftShims = ${JSON.stringify(readShims(join(root, "src/agent/tools")))};`;
  const inferShims = `const texts = ${JSON.stringify(readShims(join(root, "src/infer/shims")))};`;
  const inferShim = "export const inferShim = (name) => texts[name];";
  const shimText = "export const shimText = (name) => weftShims[name];";
  const [commandLine] = await Promise.all([
    bundle({
      ...common,
      entryPoints: { cli: "src/cli/cli-main.ts" },
      outdir: "dist",
      format: "esm",
      target: "node20",
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
      metafile: true,
      plugins: [shimTexts(`${shims}\n${shimText}`), shimTexts(`${inferShims}\n${inferShim}`, /\/src\/infer\/infer-shims\.ts$/)],
      // ws and yaml are CommonJS or mixed: inside an ESM bundle they need a require of their own.
      banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
    }),
    bundle({
      ...common,
      stdin: {
        contents: 'import { main } from "./src/agent/agent-main.ts"; main(process.argv.slice(2));',
        resolveDir: root,
        loader: "ts",
      },
      outfile: "dist/agent.cjs",
      format: "cjs",
      target: "node18",
      minify: true,
      // In the first line: where bytes are dear, a vm needs only the shims of its own tools there.
      banner: { js: shims },
      plugins: [shimTexts(shimText)],
    }),
  ]);
  // Chunks are named by their content: those of earlier builds would pile up.
  for (const name of readdirSync(join(root, "dist/chunks"))) {
    if (!Object.hasOwn(commandLine.metafile.outputs, `dist/chunks/${name}`)) rmSync(join(root, "dist/chunks", name));
  }
}

/** Builds when a source is newer than dist/, so that a checkout always runs what its files say. */
export async function buildIfStale() {
  const built = modifiedMs(join(root, "dist/agent.cjs"));
  const cli = modifiedMs(join(root, "dist/cli.js"));
  if (Math.min(built, cli) < newestMs(join(root, "src"))) await build();
}

function newestMs(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && !entry.name.endsWith(".test.ts"))
      newest = Math.max(newest, modifiedMs(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return newest;
}

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
