// Runs a compiled stack on this machine: plays Heat's part, starts a hub and one agent a vm, and follows them to the end.
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentConfig } from "../agent/agent-config.ts";
import { buildGraph } from "../compiler/2-analyze/build-graph.ts";
import type { ProgramDigests } from "../compiler/compile.ts";
import { openCoordinator } from "../coordinator/backends.ts";
import { openDataflow } from "../coordinator/dataflow.ts";
import { makeSealer, sealDataflow } from "../coordinator/seal.ts";
import { reportTrouble } from "../coordinator/report-trouble.ts";
import { openHub } from "../hub/hub.ts";
import { operatorToken, rightsTag, vmToken } from "../hub/tokens.ts";
import { HeatPlayer } from "../machines/play-heat.ts";
import { makeRunFolder, removeLeftBehind } from "../machines/left-behind.ts";
import { indexesIn, roleId } from "../model/cell.ts";
import type { Flow } from "../model/flow.ts";
import type { Json } from "../model/json.ts";
import type { ResolvedRole, ResolvedTemplate } from "../model/resolved.ts";
import type { Template } from "../model/template.ts";
import type { RoleStatus } from "../model/status.ts";
import type { StackPlan } from "../model/vm-plan.ts";
import { type Profiles, profilesOf } from "../monitor/estimate.ts";
import { followToEnd } from "../monitor/follow.ts";
import type { Picture, StackEvent } from "../monitor/picture.ts";
import { predict } from "../monitor/predict.ts";
import { startVms } from "./start-vms.ts";
import { giveUserData, ownParts } from "./give-user-data.ts";
import { addressesOf, type MachineChoice, openMachine } from "./open-machine.ts";
import { openVmHub } from "./open-vm-hub.ts";
import { hubPage, readProgramDigests } from "./agent-program.ts";
import { announceRun } from "./find-hub.ts";
import { measureRun } from "./measure-run.ts";
import { placeVms, type PlacedVm } from "./place-vms.ts";
import { checkOutputs, readOutputs } from "./read-outputs.ts";
import { readHistory, writeHistory } from "./run-history.ts";
import type { RunResult, RunView } from "./run-view.ts";

export interface RunOptions {
  template: Template;
  resolved: ResolvedTemplate;
  plan: StackPlan;
  generation: string;
  /** The stack's id. */
  stack: string;
  /** A coordinator's URL; absent: embedded, in the run's own folder. */
  coordinator?: string;
  attrs: Record<string, Json>;
  /** What vms are. */
  vms: MachineChoice;
  timeoutMs: number;
  /** After the end, leave everything running until `signal` is aborted. */
  keep: boolean;
  /** Sees each event of the run, with the picture before it. */
  onEvent?: (event: StackEvent, before: Picture) => void;
  /** Gets the ids of all roles, in the template's order, and how long they took in the run before. */
  makeView(roles: string[], usual: Profiles): RunView;
}

/**
 * Runs the stack until all roles have ended, the time is over, or `signal` is aborted, then ends every process that it started.
 * Fails with UnknownToUs where only a cloud knows a value, and with Failure when the coordinator cannot be had.
 */
export async function runStack(options: RunOptions, signal: AbortSignal): Promise<RunResult> {
  const { stack, plan } = options;
  const addresses = new Map<string, string>();
  const heat = new HeatPlayer({ template: options.template, resolved: options.resolved, stack, addresses, attrs: options.attrs });
  const vms = await placeVms(plan, heat, addresses, (count) => addressesOf(options.vms.kind, count));
  checkOutputs(plan, heat);
  const boots = options.vms.kind !== "process";
  const parts = new Map(boots ? vms.map((vm) => [vm.id, ownParts(options.resolved, vm, heat)]) : []);
  const digests = boots ? readProgramDigests() : undefined;
  const roles = vms.flatMap((vm) => vm.plan.roles.filter((role) => !role.onDelete).map((role) => roleId(vm.id, role.name)));

  using folder = makeRunFolder();
  await using machine = await openMachine(options.vms, folder.path, vms.length);
  const [tokenKey, sealKey] = [randomBytes(24).toString("hex"), randomBytes(32).toString("hex")];
  // New vms open a new generation: what an earlier run left in a coordinator that stays is not theirs.
  const generation = `${options.generation}-${randomBytes(4).toString("hex")}`;
  const scope = { stack, generation };
  // Vms that boot take their time.
  const known = boots ? `${stack}-${options.vms.kind}` : stack;
  const before = readHistory(known);
  const view = options.makeView(roles, before?.roles ?? {});
  await removeLeftBehind((text) => view.note(text));
  let forget = (): void => {};
  try {
    await using coordinator = await openCoordinator(options.coordinator ?? `embedded:${join(folder.path, "coordinator")}`);
    const watched = reportTrouble(coordinator, (text) => view.note(text));
    await using hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator: watched, tokenKey, page: hubPage() });
    // In a coordinator that stays, the newest generation is an earlier run's until the first agent has come.
    const access = { hub: hub.url, stack, token: operatorToken(tokenKey, stack), generation };
    forget = announceRun(access);
    const page = `${hub.url}/#${new URLSearchParams({ stack, token: access.token }).toString()}`;
    view.page?.(page);
    await using vmHub = await openVmHub(machine, watched, tokenKey);
    if (machine.consoles !== undefined) view.note(`the vms' consoles: ${machine.consoles}`);
    const placed = new Map(vms.map((vm) => [vm.id, vm]));
    const starting = startVms([...placed.keys()], scope, coordinator, async (id) => {
      const vm = placed.get(id) as PlacedVm;
      await machine.start({
        vm: id,
        address: vm.address,
        config: (own) => processConfig(vm, hub.url, own),
        userData: () =>
          giveUserData(
            agentConfig(vm, vmHub?.url ?? hub.url, vmHub?.fingerprint),
            parts.get(id) ?? [],
            digests as ProgramDigests,
          ),
      });
    });
    const onRole = (status: RoleStatus, picture: Picture): void => view.role(status, picture);
    // A vm that cannot be started ends the run.
    const broken = new AbortController();
    starting.catch(() => broken.abort());
    const limits = { timeoutMs: options.timeoutMs, signal: AbortSignal.any([signal, broken.signal]) };
    const { picture, reason } = await followToEnd(access, roles, limits, onRole, options.onEvent);
    await starting;
    const graph = placedGraph(options.resolved, vms, heat);
    // Of a run that has not come to its end a prediction says nothing.
    const predictedMs = before === undefined || reason !== undefined ? 0 : Math.round(predict(graph, before.roles).makespanMs);
    const result: RunResult = {
      ok: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      outputs: await readOutputs(
        plan,
        heat,
        sealDataflow(openDataflow(coordinator, scope), makeSealer(sealKey, scope), () => false),
      ),
      ...measureRun(graph, picture, machine.firstStartMs ?? Date.now()),
      ...(predictedMs > 0 ? { predictedMs } : {}),
      picture,
    };
    if (result.ok) writeHistory(known, { atMs: Date.now(), makespanMs: result.makespanMs, roles: profilesOf(picture) });
    view.done(result);
    if (machine.consoles !== undefined && (reason === "failed" || reason === "timeout")) keepConsoles(machine.consoles, view);
    if (options.keep && reason !== "interrupted") {
      view.note(
        `\neverything stays until Ctrl-C; the hub is ${hub.url}, stack ${stack}, operator token ${access.token}\nto look on: ${page}`,
      );
      await aborted(signal);
    }
    await machine.stop();
    return result;
  } finally {
    await machine.stop();
    forget();
  }

  function agentConfig(vm: PlacedVm, hubUrl: string, hubFingerprint?: string): Omit<AgentConfig, "stateDir"> {
    return {
      stack,
      generation,
      vm: vm.id,
      hubs: [hubUrl],
      ...(hubFingerprint === undefined ? {} : { hubFingerprint }),
      token: vmToken(tokenKey, stack, vm.id),
      tag: rightsTag(tokenKey, stack, vm.id, generation, vm.plan.rights),
      sealKey,
      plan: vm.compiled,
      values: vm.values,
    };
  }

  function processConfig(vm: PlacedVm, hubUrl: string, own: string): AgentConfig {
    return { ...agentConfig(vm, hubUrl), stateDir: join(own, "state"), localAddress: vm.address, exitWithParent: true };
  }
}

// A vm that did not come to its agent says on its console why.
function keepConsoles(consoles: string, view: RunView): void {
  const kept = mkdtempSync(join(tmpdir(), "weft-consoles-"));
  cpSync(consoles, kept, { recursive: true });
  view.note(`what the vms wrote to their consoles is kept in ${kept}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

// The graph of this run: with the sizes of its groups, and the members that its parameters choose.
function placedGraph(resolved: ResolvedTemplate, vms: PlacedVm[], heat: HeatPlayer): Flow {
  const members = new Map<string, string[][]>(resolved.vms.map(({ id }) => [id, []]));
  for (const { id, compiled } of vms) members.get(compiled.vm)?.push(compiled.group === undefined ? [] : indexesIn(id));
  const choose = (role: ResolvedRole): ResolvedRole => {
    if (role.on === "all" || role.on.index === undefined) return role;
    return { ...role, on: { ...role.on, index: { kind: "value", value: heat.evaluate(role.on.index) } } };
  };
  // Within several groups, the choice may differ from one member of an outer group to the next.
  const withChoices = resolved.vms.map((vm) => (vm.outer === undefined ? { ...vm, roles: vm.roles.map(choose) } : vm));
  return buildGraph({ ...resolved, vms: withChoices }, { members });
}
