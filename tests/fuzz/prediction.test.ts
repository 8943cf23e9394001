// A prediction plays the agents' progress with what the graph tells of their plans: with whole plans random stacks have to take the same course.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { advance, beginProgress, type Event, type Progress, type Step } from "../../src/progress/progress.ts";
import { groupBy } from "../../src/model/group-by.ts";
import type { Order } from "../../src/model/role.ts";
import type { RolePlan } from "../../src/model/vm-plan.ts";
import { type Dependences, predict, type Profile } from "../../src/monitor/predict.ts";
import { TimeQueue } from "../../src/monitor/time-queue.ts";

interface Role {
  id: string;
  vm: string;
  durationMs: number;
  /** Roles before it whose values it reads, and those that it comes after. */
  reads: string[];
  after: string[];
}

interface Stack {
  orders: Record<string, Order>;
  roles: Role[];
}

const vmNames = ["a", "b", "c"];

// Nobody waits for a role further on, so that no two wait for each other.
const anyStack = fc
  .record({
    orders: fc.tuple(...vmNames.map(() => fc.constantFrom<Order>("listed", "dataflow", "one_at_a_time"))),
    roles: fc.array(
      fc.record({
        vm: fc.nat(2),
        ms: fc.integer({ min: 1, max: 1000 }),
        reads: fc.array(fc.nat(), { maxLength: 2 }),
        after: fc.array(fc.nat(), { maxLength: 1 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ orders, roles }): Stack => {
    const made: Role[] = [];
    for (const [index, { vm, ms, reads, after }] of roles.entries()) {
      const name = vmNames[vm] as string;
      const pick = (numbers: number[]): string[] =>
        index === 0 ? [] : [...new Set(numbers.map((number) => (made[number % index] as Role).id))];
      // No two sums of durations are equal: what happens at the same moment may be told in either order.
      made.push({
        id: `${name}.r${index}`,
        vm: name,
        durationMs: ms * 4096 + 2 ** index,
        reads: pick(reads),
        after: pick(after),
      });
    }
    return { orders: Object.fromEntries(vmNames.map((name, index) => [name, orders[index] as Order])), roles: made };
  });

test("a prediction takes the course that the agents' progress takes with whole plans", () => {
  fc.assert(
    fc.property(anyStack, (stack) => {
      const { roles, makespanMs } = predict(dependencesOf(stack), profilesOf(stack));
      const course = playAgents(stack);
      expect(Object.fromEntries(roles.map(({ id, startMs, endMs }) => [id, [startMs, endMs]]))).toEqual(course);
      expect(makespanMs).toBe(Math.max(...Object.values(course).map(([, endMs]) => endMs)));
    }),
    { numRuns: 500 },
  );
});

function profilesOf({ roles }: Stack): Record<string, Profile> {
  return Object.fromEntries(roles.map(({ id, durationMs }) => [id, { durationMs }]));
}

function dependencesOf({ orders, roles }: Stack): Dependences {
  const byVm = groupBy(roles, ({ vm }) => vm);
  const edges = roles.flatMap(({ id, vm, reads, after }): Dependences["edges"] => {
    const own = byVm.get(vm) ?? [];
    const before = own[own.findIndex((role) => role.id === id) - 1];
    return [
      ...(orders[vm] === "listed" && before !== undefined
        ? [{ from: before.id, to: id, kind: "order" as const, settles: "end" as const, gates: "start" as const }]
        : []),
      ...reads.map((from) => ({
        from,
        to: id,
        kind: "value" as const,
        cell: `${from}.v`,
        settles: "end" as const,
        gates: "start" as const,
      })),
      ...after.map((from) => ({ from, to: id, kind: "after" as const, settles: "end" as const, gates: "start" as const })),
    ];
  });
  const nodes = roles.map(({ id, vm }) => {
    return {
      id,
      vm,
      outputs: [{ cell: `${id}.v`, settles: "end" as const }],
      order: orders[vm] as Order,
    };
  });
  return { roles: nodes, edges };
}

// Each vm's progress on one clock: a role that starts ends when its duration is over, and its readers are told.
function playAgents({ orders, roles }: Stack): Record<string, [number, number]> {
  const course: Record<string, [number, number]> = {};
  const durations = new Map(roles.map(({ id, durationMs }) => [id, durationMs]));
  const queue = new TimeQueue<{ vm: string; event: Event }>();
  const progress = new Map<string, Progress>();
  const needs: { vm: string; role: string; need: string; of: string }[] = [];
  const take = (vm: string, step: Step, nowMs: number): void => {
    progress.set(vm, step.progress);
    for (const action of step.actions) {
      if (action.type === "await") {
        for (const need of action.needs) {
          const of = need.slice(need.indexOf(" ") + 1);
          if (course[of] !== undefined && course[of][1] <= nowMs && hasEnded.has(of))
            queue.push(nowMs, { vm, event: { type: "met", role: action.role, need } });
          else needs.push({ vm, role: action.role, need, of });
        }
      } else if (action.type === "start") {
        const id = `${vm}.${action.role}`;
        const endMs = nowMs + (durations.get(id) as number);
        course[id] = [nowMs, endMs];
        queue.push(endMs, { vm, event: { type: "ended", role: action.role, outputs: { v: 1 } } });
      } else if (action.type === "end") {
        const id = `${vm}.${action.role}`;
        hasEnded.add(id);
        for (const { vm: reader, role, need } of needs.filter(({ of }) => of === id))
          queue.push(nowMs, { vm: reader, event: { type: "met", role, need } });
      }
    }
  };
  const hasEnded = new Set<string>();
  for (const vm of vmNames) {
    const own = roles.filter((role) => role.vm === vm).map(planOf);
    if (own.length > 0) take(vm, beginProgress({ vm, order: orders[vm] as Order, roles: own }), 0);
  }
  for (let turn = queue.pop(); turn !== undefined; turn = queue.pop())
    take(turn.value.vm, advance(progress.get(turn.value.vm) as Progress, turn.value.event), turn.timeMs);
  return course;
}

function planOf({ id, vm, reads, after }: Role): RolePlan {
  const output = { name: "v", cell: `${id}.v`, type: "json" as const, secret: false, optional: false };
  return {
    name: id.slice(vm.length + 1),
    tool: "script",
    run: { kind: "value", value: "" },
    options: {},
    inputs: reads.map((from) => {
      const value = { kind: "read" as const, read: { kind: "cell" as const, cell: `${from}.v` }, path: [] };
      return { name: from, value, when: "eager" as const, secret: false };
    }),
    outputs: [{ ...output, publish: "on_success", before: [], errorOutput: false, published: true }],
    after: after.map((role) => ({ role, cells: { kind: "cell", cell: `${role}.@end` } })),
    onError: "fail",
    onDelete: false,
    publishEnd: false,
    on: "all",
  };
}
