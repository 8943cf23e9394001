// The third waist: what the adapter of a configuration tool must say. All of it is pure; agent/run-role.ts does the I/O.
import type { Json } from "../model/json.ts";
import type { OutputPlan, RolePlan } from "../model/vm-plan.ts";

/** One attempt at a role, as an adapter sees it. Paths are absolute. */
export interface Job {
  vm: string;
  /** Its options with absolute paths. */
  role: RolePlan;
  /** `run` resolved: text, or the tool's own structure. */
  run: Json;
  /** Values of the eager inputs by name; null where an absent cell has no default. */
  inputs: Record<string, Json>;
  /** An empty folder of this attempt, mode 0700. */
  folder: string;
  /** The folder of the role, kept from attempt to attempt: the tool's working directory. */
  roleFolder: string;
  /** When the attempt began: `2026-11-27T22:26:30Z`. */
  startedAt: string;
}

/** What to write, start and read for a job. */
export interface Prepared {
  files: PreparedFile[];
  argv: string[];
  /** Added to the agent's environment, PATH (with weft-get and weft-put first) and the socket's variables. */
  env: Record<string, string>;
  cwd: string;
  /** Files that hold outputs' values after the exit, by output name. */
  outputFiles: Record<string, string>;
  /** What is on its standard input; without, nothing. It goes through a pipe, as it may hold secrets. */
  stdin?: string;
  /** Whether what the tool prints is for `collect`. It goes to the log when the tool has ended, else at once. */
  capture?: boolean;
  /** A folder that the tool may use for state of its own, which may hold secrets: emptied first and removed when it has ended. */
  scratch?: string;
  /** Whether its programs read by a port of the loopback interface too: its address is in WEFT_PORT (local-port.ts). */
  hasPort?: boolean;
}

/** Its text, or the shim whose text it is: a file beside the adapter, in the tool's own language. */
export type PreparedFile = { path: string; mode: number } & ({ text: string } | { shim: string });

/** What is left after the tool's process has ended. `files` has those of `outputFiles` that exist. */
export interface Finished {
  job: Job;
  exitCode: number | null;
  signal: string | null;
  files: Record<string, string>;
  /** With `capture`; of very much the end. */
  printed?: Printed;
}

export interface Printed {
  stdout: string;
  stderr: string;
}

/** `outputs` are texts to be parsed by the declared type, or typed values. `failure` says why the attempt failed. */
export interface Collected {
  outputs: Record<string, { text: string } | { value: Json }>;
  failure?: string;
  /** What the log is to hold of what was captured; all of it otherwise. */
  log?: string;
}

/** An adapter. A missing tool is a failed role that says so: `probe` names a command that must exist, and how to get it. */
export interface Tool {
  name: string;
  probe?: { command: string; install: string };
  prepare(job: Job): Prepared;
  collect(finished: Finished): Collected;
}

export type { OutputPlan, RolePlan };
