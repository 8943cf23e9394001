// Bundles dist/: the command line (split, so that a command loads only its own part; `check` in one file), the agent and the hub (one file
// each, that travel to vms), and the hub's page.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// The shims' texts inside a bundle, in place of what reads their files.
function shimTexts(contents, filter = /\/src\/agent\/shim-texts\.ts$/) {
  return { name: "shim-texts", setup: ({ onLoad }) => onLoad({ filter }, () => ({ contents, loader: "js" })) };
}

// An `import` of node:fs makes all of it, its streams and promises too, which takes longer than to check a small template.
const builtinsAsNeeded = {
  name: "builtins-as-needed",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      // An object of its own, so that esbuild does not copy, and thereby load, all that the module has.
      contents: `module.exports = Object.create(process.getBuiltinModule("${path}"))`,
    }));
  },
};

function readShims(folder) {
  const names = readdirSync(folder).filter((name) => /\.(py|rb|bash)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, shorten(readFileSync(join(folder, name), "utf8"), name)]));
}

// Neither language minds how deep an indentation is, and Ruby not even whether there is one. What documents a class in Python may be all of it.
function shorten(text, name) {
  const indent = name.endsWith(".py") ? (spaces) => " ".repeat(spaces.length / 4) : () => "";
  return text
    .replace(/^( *)"""[^"]*"""$/gm, "$10")
    .replace(/^\s*#.*\n/gm, "")
    .replace(/^ +/gm, indent)
    .replace(/\n{2,}/g, "\n");
}

// The hub's page: one file with its script and its style inside, which alone may run there.
async function buildPage(bundle) {
  const result = await bundle({
    absWorkingDir: root,
    entryPoints: { script: "src/web/main.tsx", style: "src/web/page.css" },
    bundle: true,
    write: false,
    outdir: "page",
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
  const textOf = (ending) => result.outputFiles.find(({ path }) => path.endsWith(ending)).text.trimEnd();
  const [script, style] = [textOf(".js").replaceAll("</script", "<\\/script"), textOf(".css")];
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = `default-src 'none'; img-src data:; connect-src 'self'; script-src ${hash(script)}; style-src ${hash(style)}`;
  const page = readFileSync(join(root, "src/web/page.html"), "utf8")
    .replace('content=""', () => `content="${policy}"`)
    .replace("<style></style>", () => `<style>${style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
  writeFileSync(join(root, "dist/page.html"), page);
}

// `weft check` never calls what loads another command.
const checkAlone = {
  name: "check-alone",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/commands\// }, ({ path }) =>
      path === "./commands/check.ts" ? undefined : { path, external: true },
    );
  },
};

const requireOfItsOwn = 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);';

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
      plugins: [
        builtinsAsNeeded,
        shimTexts(`${shims}\n${shimText}`),
        shimTexts(`${inferShims}\n${inferShim}`, /\/src\/infer\/infer-shims\.ts$/),
      ],
      // ws and yaml are CommonJS or mixed: inside an ESM bundle they need a require of their own.
      banner: { js: requireOfItsOwn },
    }),
    bundle({
      ...common,
      entryPoints: ["src/cli/cli-main.ts"],
      outfile: "dist/check.cjs",
      format: "cjs",
      target: "node20",
      minify: true,
      plugins: [builtinsAsNeeded, checkAlone],
    }),
    bundle({
      ...common,
      stdin: {
        contents:
          'import { command } from "./src/cli/commands/hub.ts"; process.exitCode = await command.run(process.argv.slice(2));',
        resolveDir: root,
        loader: "ts",
      },
      outfile: "dist/hub.mjs",
      format: "esm",
      target: "node22",
      minify: true,
      external: ["bufferutil", "utf-8-validate"],
      banner: { js: requireOfItsOwn },
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
  await buildPage(bundle);
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
