// Starts and ends the processes of roles. Each runs in a process group of its own, its output going to a file.
import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface Command {
  argv: string[];
  env: Record<string, string | undefined>;
  cwd: string;
  /** Receives standard output and standard error, unless `capture` names a file for each. */
  logPath: string;
  capture?: { stdout: string; stderr: string } | undefined;
  /** What it may read on its standard input; nothing otherwise. */
  stdin?: string | undefined;
}

export interface Exit {
  exitCode: number | null;
  signal: string | null;
}

export interface Started {
  /** The main process, and its group. */
  pid: number;
  /** Resolves when the main process has ended; what it left running stays. */
  exited: Promise<Exit>;
}

const longestPauseMs = 100;

/** Starts a command. Rejects when it cannot be started. */
export function startProcess({ argv, env, cwd, logPath, capture, stdin }: Command): Promise<Started> {
  return new Promise((resolve, reject) => {
    const open = [openSync(logPath, "w", 0o600)];
    try {
      if (capture !== undefined) open.push(openSync(capture.stdout, "w", 0o600), openSync(capture.stderr, "w", 0o600));
      const [log, stdout = log, stderr = log] = open;
      const stdio = [stdin === undefined ? "ignore" : "pipe", stdout, stderr] as const;
      const child = spawn(argv[0] as string, argv.slice(1), { cwd, env, detached: true, stdio: [...stdio] });
      const exited = new Promise<Exit>((ended) => child.once("exit", (exitCode, signal) => ended({ exitCode, signal })));
      child.once("error", reject);
      // It need not read all of it.
      child.stdin?.on("error", () => {});
      child.stdin?.end(stdin);
      if (child.pid !== undefined) resolve({ pid: child.pid, exited });
    } catch (error) {
      reject(error as Error);
    } finally {
      open.forEach(closeSync);
    }
  });
}

/**
 * Ends a process group, and those that its processes have made (tools give their own commands a session of their own): SIGTERM, and
 * SIGKILL after a grace. Resolves when nothing of them runs any more.
 */
export async function endGroup(group: number, graceMs = 5000): Promise<void> {
  const deadline = performance.now() + graceMs;
  const groups = [group, ...groupsBelow(group)];
  for (const one of groups) signalGroup(one, "SIGTERM");
  for (let pauseMs = 5; groups.some(isGroupAlive); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    if (performance.now() > deadline) for (const one of groups) signalGroup(one, "SIGKILL");
    await delay(pauseMs);
  }
}

// The other groups of the processes that descend from a group's. Where the system does not tell (not Linux) there are none.
function groupsBelow(group: number): Set<number> {
  const processes = listProcesses().flatMap((pid) => {
    const [, parent, own] = readStat(pid) ?? [];
    return own === undefined ? [] : [{ pid, parent: Number(parent), group: Number(own) }];
  });
  const groups = new Set<number>();
  const pending = processes.filter((process) => process.group === group);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { pid } = next;
    if (next.group !== group) groups.add(next.group);
    pending.push(...processes.filter(({ parent, group: own }) => parent === pid && own !== group));
  }
  return groups;
}

/** Tells whether a process group has a process that runs. */
export function isGroupAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  // Where process 1 does not collect orphans (a container), the dead of a group stay as zombies for good.
  const members = listProcesses().filter((pid) => readStat(pid)?.[2] === String(group));
  return process.platform !== "linux" || members.some((pid) => readStat(pid)?.[0] !== "Z");
}

/** Lists the process groups whose first process runs. */
export function listGroups(): number[] {
  return listProcesses().filter((pid) => readStat(pid)?.[2] === String(pid));
}

function listProcesses(): number[] {
  return process.platform === "linux" ? readdirSync("/proc").map(Number).filter(Number.isInteger) : [];
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/**
 * Names the start of a process, so that another one with its number is told apart: the boot and the clock ticks since.
 * Undefined where the system does not say (not Linux), or when there is no such process.
 */
export function readProcessStart(pid: number): string | undefined {
  const ticks = readStat(pid)?.[19];
  return ticks === undefined ? undefined : `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticks}`;
}

// The fields of /proc/PID/stat (proc(5)) from the third on: state, parent, group, ... The command in the second may hold spaces
// and brackets, so they are counted from its end.
function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
