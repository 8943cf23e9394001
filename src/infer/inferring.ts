// How each tool's reads and writes are seen: what is put beside what its adapter prepares. Pure but for the texts of the shims.
import { textsBeforeTraps } from "../agent/tools/script-lazy.ts";
import type { Prepared } from "../agent/tool.ts";
import { inferShim } from "./infer-shims.ts";

/** How a tool is watched. */
export interface Inferring {
  /** Inputs are names, and `a.b` is a part of input `a`. */
  isRoot: boolean;
  /** The argument that makes the tool change nothing. */
  dryRun?: string;
  /** Adds what watches; `folder` is the attempt's. */
  watch(prepared: Prepared, folder: string): Prepared;
}

/** The tools whose reads and writes can be inferred. */
export const inferring: Record<string, Inferring> = {
  ansible: {
    isRoot: true,
    dryRun: "--check",
    watch(prepared, folder) {
      const files = [
        { path: `${folder}/python/weft_notes.py`, text: inferShim("notes.py"), mode: 0o600 },
        { path: `${folder}/python/plugins/weft_infer.py`, text: inferShim("ansible.py"), mode: 0o600 },
      ];
      return { ...prepared, files: [...prepared.files, ...files] };
    },
  },
  chef: {
    isRoot: false,
    dryRun: "--why-run",
    watch(prepared, folder) {
      const files = prepared.files.map((file) => {
        if (file.path !== `${folder}/client.rb` || !("text" in file)) return file;
        return { ...file, text: file.text.replace(`${folder}/weft_chef`, `${folder}/weft_infer`) };
      });
      const shim = { path: `${folder}/weft_infer.rb`, text: inferShim("chef.rb"), mode: 0o600 };
      return { ...prepared, files: [...files, shim] };
    },
  },
  puppet: {
    isRoot: false,
    dryRun: "--noop",
    watch(prepared, folder) {
      const lib = `${folder}/modules/weft/lib`;
      const files = [
        ...prepared.files.filter(({ path }) => path !== `${lib}/facter/weft.rb`),
        { path: `${lib}/weft_infer.rb`, text: inferShim("puppet.rb"), mode: 0o600 },
        { path: `${lib}/facter/weft.rb`, text: 'require_relative "../weft_infer"\n', mode: 0o600 },
      ];
      return { ...prepared, files };
    },
  },
  script: {
    isRoot: false,
    watch(prepared, folder) {
      const script = prepared.files.find(({ path }) => path === `${folder}/script`);
      const text = script !== undefined && "text" in script ? script.text : "";
      const isShell = !text.startsWith("#!") || /^#!.*\b(ba|da)?sh\b/.test(text);
      if (!isShell) return prepared;
      const shim = `${folder}/infer.bash`;
      const given = Object.keys(prepared.env).filter((name) => name !== "heat_outputs_path");
      return {
        ...prepared,
        // What runs in sh runs in bash, and bash can be watched.
        argv: ["bash", `${folder}/script`],
        files: [...prepared.files, { path: shim, text: inferShim("script.bash"), mode: 0o600 }],
        env: { ...prepared.env, BASH_ENV: shim, WEFT_EARLY: textsBeforeTraps(text).join("\n"), WEFT_GIVEN: given.join(" ") },
      };
    },
  },
};
