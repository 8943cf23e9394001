// One attempt at a role: prepares what its tool needs, runs it, reads what it left behind. All I/O that adapters must not do.
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import type { ActiveClock } from "./active-clock.ts";
import type { Cells } from "./cells.ts";
import { fillInputs } from "./heat-contract.ts";
import type { Files } from "./files.ts";
import { findCommand } from "./find-command.ts";
import { openLocalPort } from "./local-port.ts";
import type { Answering } from "./local-socket.ts";
import { lastLine, readLogTail } from "./log-tail.ts";
import type { RoleSession } from "./role-session.ts";
import { shimText } from "./shim-texts.ts";
import { endGroup, type Exit, startProcess } from "./spawn.ts";
import type { Finished, Job, Prepared, PreparedFile, Printed, Tool } from "./tool.ts";
import { findAdapter } from "./tools.ts";

export interface AttemptParts {
  vm: string;
  plan: RolePlan;
  cells: Cells;
  /** Values of the eager inputs. */
  inputs: Record<string, Json>;
  session: RoleSession;
  /** What answers the role's programs in place of its session. */
  answering?: Answering;
  clock: ActiveClock;
  /** Of this attempt; emptied first. */
  folder: string;
  /** Of the role, kept from attempt to attempt. */
  roleFolder: string;
  logPath: string;
  /** The agent's environment with PATH and the socket's variables. */
  env: Record<string, string | undefined>;
  files: Files;
  /** Aborted when the agent stops: the attempt is then ended and has no result. */
  signal: AbortSignal;
  mask: (text: string) => string;
  onStarted: (pid: number) => void;
  /** Changes what the adapter has prepared. */
  change?: (prepared: Prepared) => Prepared;
}

export interface AttemptResult extends Partial<Reason> {
  /** All that was written, by this attempt or at once by earlier ones. */
  outputs: Record<string, Json>;
  logTail?: string;
}

/** Why an attempt failed. */
interface Reason {
  failure: string;
  /** The role whose failure made this one fail. */
  origin?: string;
  /** Another attempt would fail likewise. */
  final?: boolean;
}

// Of an output's file; the value itself may be smaller than its text.
const maxFileBytes = 1024 * 1024;
// A hook prints all its outputs and what it ran has printed, as JSON.
const maxPrintedBytes = 4 * maxFileBytes;

/** Runs one attempt. Rejects with the signal's reason when the agent stops meanwhile; the attempt's processes are gone then. */
export async function runRole(parts: AttemptParts): Promise<AttemptResult> {
  const { plan, session, mask } = parts;
  const tool = findAdapter(plan.tool);
  const reason = tool === undefined ? noAdapter(plan.tool) : await runTool(parts, tool);
  const outputs = await session.finish();
  if (reason === undefined) return { outputs };
  return { outputs, ...reason, failure: mask(reason.failure), logTail: mask(readLogTail(parts.logPath)) };
}

function noAdapter(tool: string): Reason {
  return { failure: `this agent has no adapter for the tool "${tool}"`, final: true };
}

async function runTool(parts: AttemptParts, tool: Tool): Promise<Reason | undefined> {
  const { env, signal } = parts;
  if (tool.probe !== undefined && findCommand(tool.probe.command, env.PATH) === undefined) {
    return { failure: `${tool.probe.command} is not installed: ${tool.probe.install}`, final: true };
  }
  let role: RolePlan;
  try {
    role = await parts.files.resolve(parts.plan, signal);
  } catch (error) {
    signal.throwIfAborted();
    // Another attempt may find the server well again.
    return { failure: messageOf(error) };
  }
  let job: Job;
  let prepared: Prepared;
  try {
    job = await makeJob(parts, role);
    prepared = tool.prepare(job);
    if (parts.change !== undefined) prepared = parts.change(prepared);
    makeFolders(parts);
    if (prepared.scratch !== undefined) {
      rmSync(prepared.scratch, { recursive: true, force: true });
      mkdirSync(prepared.scratch, { mode: 0o700 });
    }
    for (const file of prepared.files) writePrepared(file);
  } catch (error) {
    signal.throwIfAborted();
    return { failure: messageOf(error), final: true };
  }
  const printedFolder = `${parts.roleFolder}/.printed`;
  try {
    const capture = prepared.capture === true ? makePrinted(printedFolder) : undefined;
    const ended = await runProcess(parts, prepared, capture);
    const printed = capture === undefined ? {} : { printed: readPrinted(capture) };
    if (!("failure" in ended)) {
      return await judge(parts, tool, { job, ...ended, files: readFiles(parts.session, prepared), ...printed });
    }
    keepLog(parts, printed);
    return ended;
  } finally {
    for (const folder of [prepared.scratch, printedFolder])
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function makeJob(parts: AttemptParts, role: RolePlan): Promise<Job> {
  const { vm, plan, cells, inputs, session, folder, roleFolder, signal } = parts;
  const run = await cells.resolve(plan.run, { signal });
  if (run.state === "failed") throw new Error(`what to run: ${run.error}`);
  for (const { name, secret } of plan.inputs) if (secret && inputs[name] !== undefined) session.learnSecret(inputs[name]);
  const filled = plan.inputKey === undefined ? run.value : fillInputs(run.value, inputs, plan.inputKey);
  const startedAt = `${new Date().toISOString().slice(0, 19)}Z`;
  return { vm, role, run: filled, inputs, folder, roleFolder, startedAt };
}

function makeFolders({ folder, roleFolder }: AttemptParts): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(roleFolder, { recursive: true, mode: 0o700 });
}

function writePrepared(file: PreparedFile): void {
  mkdirSync(dirname(file.path), { recursive: true, mode: 0o700 });
  writeFileSync(file.path, "text" in file ? file.text : shimText(file.shim), { mode: file.mode });
}

async function runProcess(
  parts: AttemptParts,
  { argv, env, cwd, stdin, hasPort }: Prepared,
  capture: Printed | undefined,
): Promise<Exit | Reason> {
  const { plan, clock, signal, logPath } = parts;
  await using port = hasPort === true ? await openLocalPort(parts.answering ?? parts.session) : undefined;
  const portEnv = port === undefined ? {} : { WEFT_PORT: port.address };
  const command = { argv, env: { ...parts.env, ...portEnv, ...env }, cwd, logPath, capture, stdin };
  const started = await startProcess(command).catch((error: unknown) => explainStart(argv[0] as string, error));
  if (typeof started === "string") return { failure: started, final: true };
  parts.onStarted(started.pid);

  let ending: Promise<void> | undefined;
  let overtime = false;
  const endAll = (): void => void (ending ??= endGroup(started.pid));
  if (signal.aborted) endAll();
  signal.addEventListener("abort", endAll, { once: true });
  const ring = (): void => {
    overtime = true;
    endAll();
  };
  const callOff = plan.timeoutMs === undefined ? undefined : clock.alarmIn(plan.timeoutMs, ring);
  const exit = await started.exited;
  callOff?.();
  signal.removeEventListener("abort", endAll);
  await ending;
  signal.throwIfAborted();
  if (!overtime) return exit;
  return { failure: `timeout: ran for more than ${(plan.timeoutMs ?? 0) / 1000} s, not counting the time blocked in reads` };
}

// A script whose interpreter is missing is reported by the system as missing itself.
function explainStart(program: string, error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === "E2BIG") {
    return `cannot start ${program}: the inputs are too large for environment variables (128 KiB each); say "when: lazy" and read them with weft-get`;
  }
  if ((error as NodeJS.ErrnoException).code === "EACCES") return `cannot start ${program}: it is not executable`;
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return `cannot start ${program}: ${messageOf(error)}`;
  if (!existsSync(program)) return `${program} is not installed`;
  const [first] = readFileSync(program, "utf8").split("\n", 1);
  return `the interpreter of its first line, "${first}", is not installed`;
}

// Files for what is captured: it may be secret, so they are not kept.
function makePrinted(folder: string): Printed {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  return { stdout: `${folder}/stdout`, stderr: `${folder}/stderr` };
}

function readPrinted({ stdout, stderr }: Printed): Printed {
  return { stdout: readEnd(stdout), stderr: readEnd(stderr) };
}

// What was captured is for the log too, but for secrets that are known by now.
function keepLog({ logPath, mask }: AttemptParts, { printed }: Pick<Finished, "printed">, log?: string): void {
  if (printed !== undefined) appendFileSync(logPath, mask(log ?? printed.stdout + printed.stderr));
}

// The end of a file.
function readEnd(path: string): string {
  if (!existsSync(path)) return "";
  const file = openSync(path, "r");
  try {
    const size = fstatSync(file).size;
    const end = Buffer.alloc(Math.min(size, maxPrintedBytes));
    readSync(file, end, 0, end.length, size - end.length);
    return end.toString("utf8");
  } finally {
    closeSync(file);
  }
}

function readFiles(session: RoleSession, { outputFiles }: Prepared): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, path] of Object.entries(outputFiles)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) continue;
    if (found.size > maxFileBytes) session.refuseTooLarge(name);
    else files[name] = readFileSync(path, "utf8");
  }
  return files;
}

async function judge(parts: AttemptParts, tool: Tool, finished: Finished): Promise<Reason | undefined> {
  const { plan, session, logPath } = parts;
  const { outputs, failure, log } = tool.collect(finished);
  const refusal = session.refusal;
  for (const [name, given] of Object.entries(outputs)) {
    const publish = plan.outputs.find((output) => output.name === name)?.publish;
    // A failed attempt publishes nothing that is held until success.
    if (failure === undefined || publish === "on_write") await session.write(name, given);
  }
  keepLog(parts, finished, log);
  if (refusal !== undefined) return { failure: refusal.message, final: refusal.final };
  if (failure === undefined) {
    return session.refusal === undefined ? undefined : { failure: session.refusal.message, final: session.refusal.final };
  }
  if (session.failedRead !== undefined) {
    const { message, origin } = session.failedRead;
    return { failure: message, final: true, ...(origin === undefined ? {} : { origin }) };
  }
  const last = lastLine(readLogTail(logPath));
  return { failure: last === "" ? failure : `${failure}: ${last}` };
}
