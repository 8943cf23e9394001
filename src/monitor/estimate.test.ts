import { expect, test } from "vitest";
import type { RoleOutline, RoleStatus, VmOutline } from "../model/status.ts";
import { estimateRestMs, profilesOf } from "./estimate.ts";
import { flowOfPicture } from "./flow-of-picture.ts";
import { activeMs, emptyPicture, type Picture, updatePicture } from "./picture.ts";

const nowMs = 100_000;

function outline(vm: string, ...roles: (Partial<RoleOutline> & { id: string })[]): VmOutline {
  return {
    vm,
    atMs: 0,
    order: "listed",
    roles: roles.map((role) => ({ tool: "script", inputs: [], outputs: [], after: [], ...role })),
  };
}

function reads(cell: string, of?: "any" | number): RoleOutline["inputs"] {
  return [{ name: "IN", when: "eager", secret: false, reads: [of === undefined ? { cell } : { cell, of }] }];
}

function writes(...cells: string[]): RoleOutline["outputs"] {
  return cells.map((cell) => ({
    name: cell.split(".").at(-1) as string,
    cell,
    type: "string",
    secret: false,
    publish: "on_success",
  }));
}

function pictureOf(outlines: VmOutline[], roles: (Partial<RoleStatus> & { id: string })[] = []): Picture {
  const statuses = roles.map((role): RoleStatus => ({ state: "waiting", atMs: nowMs, attempt: 1, waitingFor: [], ...role }));
  const status = { stack: "s", generation: "g", roles: statuses, vms: [], cells: [], outlines };
  return updatePicture(emptyPicture, { type: "snapshot", status });
}

const chain = [
  outline("db", { id: "db.mysql", outputs: writes("db.mysql.port") }),
  outline("web", { id: "web.app", inputs: reads("db.mysql.port") }, { id: "web.check" }),
];

test("what is left of a chain is the rest of what runs, and all that comes after it", () => {
  const picture = pictureOf(chain, [{ id: "db.mysql", state: "running", startedMs: nowMs - 3000 }]);
  const usual = { "db.mysql": { durationMs: 5000 }, "web.app": { durationMs: 1000 }, "web.check": { durationMs: 500 } };
  expect(estimateRestMs(picture, usual, nowMs)).toBe(3500);
});

test("roles that have ended take no more time, and what was never seen takes none", () => {
  const picture = pictureOf(chain, [{ id: "db.mysql", state: "done" }]);
  expect(estimateRestMs(picture, { "db.mysql": { durationMs: 5000 }, "web.app": { durationMs: 1000 } }, nowMs)).toBe(1000);
  expect(estimateRestMs(picture, { "db.mysql": { durationMs: 5000 } }, nowMs)).toBeUndefined();
});

test("time blocked in reads is not active time", () => {
  const running = { id: "web.app", state: "running", startedMs: nowMs - 5000, blockedMs: 1000 } as const;
  expect(activeMs(pictureOf(chain, [running]), "web.app", nowMs)).toBe(4000);
  const waitingFor = [{ cell: "db.mysql.port", sinceMs: nowMs - 2000 }];
  expect(activeMs(pictureOf(chain, [{ ...running, waitingFor }]), "web.app", nowMs)).toBe(2000);
});

test("the profile of a role that is done is its life less what it waited", () => {
  const done = { id: "db.mysql", state: "done", startedMs: 1000, endedMs: 4000, blockedMs: 500 } as const;
  expect(profilesOf(pictureOf(chain, [done, { id: "web.app", state: "failed", startedMs: 0, endedMs: 9 }]))).toEqual({
    "db.mysql": { durationMs: 2500 },
  });
});

test("edges lead from all members of a group, or from the one that was chosen", () => {
  const member = (index: number): VmOutline =>
    outline(
      `app[${index}]`,
      { id: `app[${index}].elect`, outputs: writes("app.elect.master") },
      { id: `app[${index}].serve`, outputs: writes(`app[${index}].serve.url`) },
    );
  const reader = outline(
    "lb",
    { id: "lb.balance", inputs: reads("app[*].serve.url") },
    { id: "lb.first", inputs: reads("app[*].serve.url", "any") },
    { id: "lb.tell", inputs: reads("app.elect.master") },
  );
  const edgesTo = (picture: Picture, to: string): string[] =>
    flowOfPicture(picture)
      .edges.filter((edge) => edge.kind === "value" && edge.to === to)
      .map(({ from, gather }) => (gather === undefined ? from : `${from} (${gather.of} is enough)`));
  const open = pictureOf([member(0), member(1), reader]);
  expect(edgesTo(open, "lb.balance")).toEqual(["app[0].serve", "app[1].serve"]);
  expect(edgesTo(open, "lb.first")).toEqual(["app[0].serve (1 is enough)", "app[1].serve (1 is enough)"]);
  expect(edgesTo(open, "lb.tell")).toEqual(["app[0].elect (1 is enough)", "app[1].elect (1 is enough)"]);
  const chosen = pictureOf([member(0), member(1), reader], [{ id: "app[0].elect", state: "skipped" }]);
  expect(edgesTo(chosen, "lb.tell")).toEqual(["app[1].elect"]);
});
