// What an agent tells whoever sent it a deployment, where it cannot do what that says.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { type AgentOptions, runAgent } from "../../src/agent/agent.ts";
import type { Delivery } from "../../src/agent/carrier.ts";
import type { Outcome } from "../../src/agent/run-outcome.ts";
import { memory } from "../../src/coordinator/backends/memory.ts";
import { Failure } from "../../src/model/failure.ts";
import { type Deployment, identityFormat } from "../../src/model/vm-identity.ts";
import { planInput, planRole, planVm, readCell } from "./agent-bench.ts";

const plan = planVm("web", [planRole("app", "true", { inputs: [planInput("PORT", "db.mysql.port")] })]);
const deployment: Deployment = { format: identityFormat, generation: "g", plan, tag: "", values: {} };

/** An agent that is brought one delivery; `told` is what it answers. */
function start(deployed: Partial<Deployment>, more: Partial<AgentOptions>): { told: Outcome[]; log: string[] } {
  const stateDir = mkdtempSync(join(tmpdir(), "weft-answers-"));
  const told: Outcome[] = [];
  const log: string[] = [];
  const stop = new AbortController();
  const delivery: Delivery = { id: "1", action: "run", deployment: { ...deployment, ...deployed } };
  const ended = runAgent(
    {
      stack: "s",
      vm: "web",
      stateDir,
      carrier: {
        follow: async (take) => take(delivery),
        nudge: () => {},
        answer: async (_delivery, outcome) => void told.push(outcome),
      },
      connect: () => memory.open(),
      log: (message) => void log.push(message),
      ...more,
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await ended;
    rmSync(stateDir, { recursive: true });
  });
  return { told, log };
}

test("no hub for too long: the deployment fails with what was in the way, and the log has said it before", async () => {
  const never = (_claim: unknown, _signal: unknown, complain: (why: string) => void): Promise<never> => {
    complain("the hub http://h:1 cannot be reached: connect ECONNREFUSED");
    return new Promise(() => {});
  };
  const { told, log } = start({}, { connect: never, hubPatienceMs: 20 });
  await vi.waitFor(() =>
    expect(told).toEqual([
      { ok: false, error: "no hub could be reached: the hub http://h:1 cannot be reached: connect ECONNREFUSED" },
    ]),
  );
  expect(log).toContain("the hub http://h:1 cannot be reached: connect ECONNREFUSED");
});

test("a hub that refuses: the deployment fails with its words", async () => {
  const refuse = async (): Promise<never> => {
    throw new Failure("give-up", "unauthorized", "this is not the token of vm web");
  };
  const { told } = start({}, { connect: refuse });
  await vi.waitFor(() => expect(told).toEqual([{ ok: false, error: "this is not the token of vm web" }]));
});

test.for<[string, Partial<Deployment>, string]>([
  ["of another format", { format: 99 }, "this agent reads deployments of format 1"],
  ["with a plan of another format", { plan: { ...plan, format: 99 } }, "not 1 with 99"],
  ["of another vm", { plan: planVm("db", []) }, "this is vm web, the plan is of db"],
  ["made with private values that this vm was not told", { valuesDigest: "new" }, "the vm must be replaced"],
])("a deployment %s fails, and says why", async ([, deployed, why]) => {
  const { told } = start(deployed, { valuesDigest: "old" });
  await vi.waitFor(() => expect(told).toEqual([{ ok: false, error: expect.stringContaining(why) }]));
});

test("stack outputs are evaluated here and handed over, when all that they read is there", async () => {
  const coordinator = await memory.open();
  const outputs = {
    url: {
      value: {
        kind: "call",
        fn: "list_join",
        arg: {
          kind: "list",
          items: [
            { kind: "value", value: ":" },
            { kind: "list", items: [{ kind: "value", value: "http" }, readCell("db.mysql.host")] },
          ],
        },
      },
      secret: false,
    },
  } as const;
  const { told } = start(
    { plan: { ...planVm("web", [planRole("app", "true")]), outputs: outputs as never } },
    { connect: async () => coordinator },
  );
  const record = { state: "value", value: "h", by: "db.mysql", attempt: 1, atMs: 0 };
  await coordinator.write("s/g/cells/db.mysql.host", JSON.stringify(record), "absent");
  await vi.waitFor(() => expect(told).toEqual([{ ok: true, outputs: { url: "http:h" } }]));
});
