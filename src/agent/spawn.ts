// Starts and ends the processes of roles. Each runs in a process group of its own, its output going to a file.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface Command {
  argv: string[];
  env: Record<string, string | undefined>;
  cwd: string;
  /** Receives standard output and standard error. */
  logPath: string;
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

const graceMs = 5000;
const pollMs = 10;

/** Starts a command with nothing on its standard input. Rejects when it cannot be started. */
export function startProcess({ argv, env, cwd, logPath }: Command): Promise<Started> {
  return new Promise((resolve, reject) => {
    const log = openSync(logPath, "w", 0o600);
    try {
      const child = spawn(argv[0] as string, argv.slice(1), { cwd, env, detached: true, stdio: ["ignore", log, log] });
      const exited = new Promise<Exit>((ended) => child.once("exit", (exitCode, signal) => ended({ exitCode, signal })));
      child.once("error", reject);
      if (child.pid !== undefined) resolve({ pid: child.pid, exited });
    } catch (error) {
      reject(error as Error);
    } finally {
      closeSync(log);
    }
  });
}

/** Ends a process group: SIGTERM, and SIGKILL after a grace of 5 s. Resolves when nothing of it is left. */
export async function endGroup(group: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  signalGroup(group, "SIGTERM");
  while (signalGroup(group, 0)) {
    if (performance.now() > deadline) {
      signalGroup(group, "SIGKILL");
      return;
    }
    await delay(pollMs);
  }
}

/** Sends a signal to a process group, 0 to none; tells whether there was a living one. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
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
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22 (proc(5)). The command in field 2 may hold spaces and brackets, so count from its end.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticks}`;
  } catch {
    return undefined;
  }
}
