// One attempt at a role, under way: it may outlive the generation that started it, and count for the next one.
import { join } from "node:path";
import { roleId } from "../model/cell.ts";
import { messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import { linkAbort } from "./abort.ts";
import { definitionOf } from "./basis.ts";
import type { Files } from "./files.ts";
import type { Basis } from "./journal.ts";
import { type Ground, RoleSession } from "./role-session.ts";
import type { RoleRun } from "./role-status.ts";
import { attemptVariable } from "./process-groups.ts";
import { type AttemptResult, runRole } from "./run-role.ts";
import { shipLog } from "./ship-log.ts";
import type { Vm } from "./vm.ts";

export interface Attempt {
  number: number;
  logPath: string;
  session: RoleSession;
  /** Of the generation that started it. */
  run: RoleRun;
  /** What came of it; undefined when it was ended by us. Never rejects. */
  result: Promise<AttemptResult | undefined>;
  /** What it is made of, as far as it has read. */
  basis(): Basis;
  /** Ends its processes, and resolves when they are gone. */
  end(): Promise<void>;
}

/** Starts an attempt. `run` has the role's clock and the values of its eager inputs; it gets the session. */
export function startAttempt(
  vm: Vm,
  { ground, files, run, number }: { ground: Ground; files: Files; run: RoleRun; number: number },
): Attempt {
  const { plan, cells } = ground;
  const role = plan.name;
  const { controller, unlink } = linkAbort([vm.signal]);
  const { signal } = controller;
  const clock = run.clock as NonNullable<RoleRun["clock"]>;
  const session = new RoleSession({
    vm: vm.name,
    attempt: number,
    ground,
    clock,
    marks: run.marks,
    signal: vm.signal,
    learnSecret: (value) => vm.learnSecret(value),
    digest: vm.digest,
  });
  run.session = session;
  let definition = "";
  const logPath = join(vm.stateDir, "logs", `${role}.${number}.log`);
  const endLog = shipLog({
    id: roleId(vm.name, role),
    attempt: number,
    path: logPath,
    isSafe: () => session.hasWrittenSecrets(),
    mask: (text) => vm.mask(text),
    send: (piece) => session.sendLog(piece),
  });
  const folder = join(vm.stateDir, "attempts", `${role}.${number}`);
  const attempting = async (): Promise<AttemptResult | undefined> => {
    try {
      const what = await cells.resolve(plan.run, { signal });
      if (what.state === "value") definition = vm.digest(definitionOf(plan, what.value));
      return await runRole({
        vm: vm.name,
        plan,
        cells,
        inputs: run.inputs,
        session,
        clock,
        folder,
        roleFolder: join(vm.stateDir, "roles", role),
        logPath,
        env: { ...vm.env, WEFT_ROLE: role, [attemptVariable]: folder },
        files,
        signal,
        mask: (text) => vm.mask(text),
        onStarted: (pid) => vm.noteStarted(role, number, pid),
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      return { outputs: {}, failure: vm.mask(messageOf(error)), final: true };
    } finally {
      endLog();
      unlink();
    }
  };
  const result = attempting();
  vm.track(result);
  return {
    number,
    logPath,
    session,
    run,
    result,
    basis: () => ({ definition, inputs: { ...digestAll(run.inputs, vm), ...session.used } }),
    async end() {
      session.dismiss("this role begins anew: the stack has another generation");
      controller.abort(new Error("the attempt is of a generation that is over"));
      await result;
    },
  };
}

function digestAll(inputs: Record<string, Json>, { digest }: Vm): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, digest(value)]));
}
