// Runs one role on this machine, with the agent's own parts round it, and sees what it reads and writes.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Answering } from "../agent/local-socket.ts";
import type { Answer, Given, RoleSession } from "../agent/role-session.ts";
import type { Json, JsonMap } from "../model/json.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import { inferring } from "./inferring.ts";
import { type Inferred, type Note, parseNotes, sumUp } from "./notes.ts";
import { runAlone } from "./run-alone.ts";

export interface InferRequest {
  tool: string;
  run: string;
  options: JsonMap;
  /** Values of inputs, by name; anything else that is read gets a stand-in. */
  given: Record<string, Json>;
  /** Let the tool change this machine, where it could do without. */
  apply: boolean;
}

export interface InferResult extends Inferred {
  /** Why the role failed: what is inferred may be less than the whole. */
  failure?: string;
  /** The last lines that it printed then. */
  logTail?: string;
}

// Other variables of the shell that runs this would hide inputs of their names.
const kept = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TMPDIR|TERM|\w+_proxy|(ANSIBLE|CHEF|GEM|RUBY|PYTHON)\w*)$/i;

// What a script gets for a value that nobody gave.
const standIn = "1";

/** Runs a role and tells what it would declare. Ends the tool when `signal` is aborted, and rejects then. */
export async function inferRole(request: InferRequest, signal: AbortSignal): Promise<InferResult> {
  const how = inferring[request.tool];
  if (how === undefined) throw new Error(`the tool ${request.tool} cannot be watched`);
  const folder = mkdtempSync(join(tmpdir(), "weft-infer-"));
  try {
    const plan = planRole(request);
    const own = Object.entries(process.env).filter(([name]) => kept.test(name));
    const notes: Note[] = [];
    const noted = join(folder, "notes");
    const attempt = join(folder, "attempt");
    const { failure, logTail } = await runAlone({
      plan,
      inputs: plan.inputs[0]?.when === "eager" ? request.given : {},
      folder,
      env: { ...Object.fromEntries(own), WEFT_NOTES: noted },
      signal,
      answer: (session) => watchSession(session, request.given, notes),
      change(prepared) {
        const watched = how.watch(prepared, attempt);
        if (request.apply || how.dryRun === undefined) return watched;
        return { ...watched, argv: [...watched.argv.slice(0, -1), how.dryRun, watched.argv.at(-1) as string] };
      },
    });
    notes.push(...parseNotes(readIfThere(noted)), ...outputFiles(attempt));
    const inferred = sumUp(notes, how.isRoot);
    if (failure === undefined) return inferred;
    return { ...inferred, failure, ...(logTail === undefined ? {} : { logTail }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function planRole({ tool, run, options, given }: InferRequest): RolePlan {
  // Scripts have values as variables from the start.
  const when = tool === "script" ? "eager" : "lazy";
  const inputs = Object.entries(given).map(([name, value]) => {
    return { name, value: { kind: "value" as const, value }, when, secret: false } as const;
  });
  const rest = { options, inputs, outputs: [], after: [], onDelete: false, publishEnd: false };
  return { name: "role", tool, run: { kind: "value", value: run }, ...rest, onError: "fail", on: "all" };
}

// Answers what a role asks for without having declared it, and notes it.
function watchSession(session: RoleSession, given: Record<string, Json>, notes: Note[]): Answering {
  return {
    read(name, gone): Promise<Answer> {
      notes.push({ read: name });
      return Object.hasOwn(given, name) ? session.read(name, gone) : Promise.resolve({ ok: true, value: standIn });
    },
    write(name: string, what: Given): Promise<Answer> {
      notes.push({ write: name, ...("json" in what ? { value: JSON.parse(what.json) as Json } : what) });
      return Promise.resolve({ ok: true });
    },
    refuseTooLarge: (name) => session.refuseTooLarge(name),
  };
}

// Heat's convention: the value of NAME is left in the file $heat_outputs_path.NAME.
function outputFiles(folder: string): Note[] {
  const names = readdirSync(folder).filter((name) => name.startsWith("outputs."));
  return names.map((name) => {
    return { write: name.slice("outputs.".length), text: readFileSync(join(folder, name), "utf8").replace(/\n$/, "") };
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
