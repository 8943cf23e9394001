// The tool `salt`: states for salt-call without a master; inputs are paths in the pillar that block the rendering, and other minions' mines.
// Its shims: salt-pillar.py, salt-module.py, salt-mine.py and salt-returner.py.
import type { Json } from "../../model/json.ts";
import { checkOptions, describeJob, readPaths } from "../tool-options.ts";
import type { Tool } from "../tool.ts";

export const salt = {
  name: "salt",
  probe: { command: "salt-call", install: "install the package salt-minion, whose service need not run" },
  prepare({ vm, role, run, inputs, folder, roleFolder }) {
    checkOptions(role, ["file_roots", "pillar_roots"]);
    const at = (name: string): string => `${folder}/${name}`;
    const plugin = (kind: string): string => at(`plugins/${kind}`);
    const scratch = `${roleFolder}/.scratch`;
    const { states, text } = readStates(run);
    // What is known to be absent is not there.
    const given = role.inputs.filter(({ name }) => inputs[name] !== null);
    const deferred = given.filter(({ when }) => when === "deferred").map(({ name }) => name);
    const config = {
      id: vm,
      file_client: "local",
      root_dir: scratch,
      file_roots: { base: [at("states"), ...readPaths(role.options, "file_roots")].map(escapeGlob) },
      pillar_roots: { base: readPaths(role.options, "pillar_roots").map(escapeGlob) },
      ext_pillar: [{ weft: {} }],
      // Else the pillar of the run is merged into the one before, which would ask for each entry.
      ssh_merge_pillar: false,
      pillar_dirs: [plugin("pillar")],
      module_dirs: [plugin("modules")],
      returner_dirs: [plugin("returners")],
    };
    return {
      files: [
        // Salt keeps grains that states set beside its configuration.
        { path: `${scratch}/config/minion`, text: JSON.stringify(config), mode: 0o600 },
        ...(text === undefined ? [] : [{ path: at("states/weft_role.sls"), text, mode: 0o600 }]),
        { path: at("job.json"), text: describeJob({ ...role, inputs: given }, { deferred }), mode: 0o600 },
        { path: at("plugins/weft_client.py"), shim: "client.py", mode: 0o600 },
        { path: at("plugins/weft_lazy.py"), shim: "lazy.py", mode: 0o600 },
        { path: `${plugin("pillar")}/weft.py`, shim: "salt-pillar.py", mode: 0o600 },
        { path: `${plugin("modules")}/weft.py`, shim: "salt-module.py", mode: 0o600 },
        ...(given.some(({ name }) => name.startsWith("mine."))
          ? [{ path: `${plugin("modules")}/mine.py`, shim: "salt-mine.py", mode: 0o600 }]
          : []),
        { path: `${plugin("returners")}/weft.py`, shim: "salt-returner.py", mode: 0o600 },
      ],
      argv: [
        "salt-call",
        "--local",
        `--config-dir=${scratch}/config`,
        "--retcode-passthrough",
        "--no-color",
        "--log-file-level=quiet",
        "--return=weft",
        "state.apply",
        states.join(","),
        // Another one than the configuration's: the run then has a pillar of its own, not a copy, which would ask for each entry.
        "pillarenv=base",
      ],
      env: { WEFT_JOB: at("job.json"), LC_ALL: "C.UTF-8" },
      cwd: roleFolder,
      outputFiles: {},
      scratch,
    };
  },
  collect({ exitCode, signal }) {
    if (exitCode === 0) return { outputs: {} };
    return { outputs: {}, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;

// Salt takes roots for patterns, and a member of a group has brackets in its name.
function escapeGlob(path: string): string {
  return path.replace(/[[*?]/g, "[$&]");
}

// Names of states are words in one line; all else is a state file.
function readStates(run: Json): { states: string[]; text?: string } {
  const name = /^[\w./-]+$/;
  const names = typeof run === "string" ? run.trim().split(/\s*,\s*/) : run;
  if (Array.isArray(names) && names.length > 0 && names.every((item) => typeof item === "string" && name.test(item))) {
    return { states: names as string[] };
  }
  return { states: ["weft_role"], text: typeof run === "string" ? run : JSON.stringify(run) };
}
