// The lazy environment of bash scripts: which inputs the shim (script.bash) gives their variables when a command first names them.
import type { Job, PreparedFile } from "../tool.ts";

export interface LazyEnvironment {
  files: PreparedFile[];
  env: Record<string, string>;
}

/** Makes the environment in which the script `text` reads its lazy inputs as variables. Throws where that cannot be. */
export function lazyEnvironment({ role, folder }: Job, text: string): LazyEnvironment {
  const [first = ""] = text.split("\n", 1);
  if (!isBash(first)) {
    throw new Error(`option "lazy" is for bash alone, and the script begins with "${first}": read lazy inputs with weft-get`);
  }
  const names = role.inputs.filter(({ name, when }) => when !== "eager" && /^[A-Za-z_]\w*$/.test(name)).map(({ name }) => name);
  const path = `${folder}/lazy.bash`;
  const unseen = textsBeforeTraps(text).join("\n");
  const early = names.filter((name) => new RegExp(`\\b${name}\\b`).test(unseen));
  return {
    files: [{ path, shim: "script.bash", mode: 0o600 }],
    env: { BASH_ENV: path, WEFT_LAZY: names.join(" "), WEFT_LAZY_FIRST: early.join(" ") },
  };
}

// With -p or --posix bash does not read BASH_ENV.
function isBash(line: string): boolean {
  return !line.startsWith("#!") || /^#!\s*(\S*\/)?(env\s+(-S\s+)?)?(\S*\/)?bash(\s+-(?![-\w]*p)\w+)*\s*$/.test(line);
}

/** What bash expands before any trap: the words of `for` and `select`, and redirections of whole loops and groups. */
export function textsBeforeTraps(script: string): string[] {
  const text = script.replaceAll("\\\n", " ");
  const words = [...text.matchAll(/\b(?:for|select)\s+\w+\s+in\b([^;\n]*)/g)].map((match) => match[1] as string);
  const redirections = [...text.matchAll(/(?:\b(?:done|fi|esac)|(?<=[\s;])[})])\s*((?:\d*[<>]|&>)[^;\n|]*)/g)];
  const here = redirections.map((match) => {
    const delimiter = /<<-?\s*(\w+)/.exec(match[1] as string)?.[1];
    if (delimiter === undefined) return "";
    const body = text.slice(match.index + match[0].length);
    return new RegExp(`^[^]*?^\\t*${delimiter}$`, "m").exec(body)?.[0] ?? body;
  });
  return [...words, ...redirections.map((match) => match[1] as string), ...here];
}
