import { expect, test } from "vitest";
import type { RoleStatus } from "../model/status.ts";
import { findHoldUps, findMissingVms } from "./hold-ups.ts";
import { emptyPicture, explainRole, type Picture, updatePicture } from "./picture.ts";

const nowMs = 100_000;

function role(id: string, status: Partial<RoleStatus>): RoleStatus {
  return { id, state: "waiting", atMs: nowMs, attempt: 0, waitingFor: [], ...status };
}

function pictureOf(present: string[], roles: RoleStatus[], listed: string[] = []): Picture {
  const vms = present.map((vm) => ({ vm, instance: "i", address: "a", startedMs: 0 }));
  const outline = { tool: "script", inputs: [], outputs: [], after: [] };
  const outlines = listed.map((vm) => {
    const own = roles.filter(({ id }) => id.startsWith(`${vm}.`)).map(({ id }) => ({ ...outline, id }));
    return { vm, atMs: 0, order: "listed" as const, roles: own };
  });
  return updatePicture(emptyPicture, {
    type: "snapshot",
    status: { stack: "s", generation: "g", roles, vms, cells: [], outlines },
  });
}

const waits = (...cells: string[]): Partial<RoleStatus> => ({
  waitingFor: cells.map((cell) => ({ cell, sinceMs: nowMs - 2000 })),
});

test("a vm that nobody has heard of is missing since the first role began to wait for it; one that has died is not", () => {
  const roles = [
    role("app.serve", waits("cache.redis.url")),
    role("app.check", { waitingFor: [{ cell: "cache.@vm.first_address", sinceMs: nowMs - 7000 }] }),
    role("app.report", waits("db.mysql.port")),
    role("app.log", { state: "done" }),
  ];
  expect(findMissingVms(pictureOf(["app"], roles, ["app", "db"]))).toEqual(new Map([["cache", nowMs - 7000]]));
});

test("failed, missing and slow roots are told apart, each with all that waits for it, near and far", () => {
  const picture = pictureOf(
    ["db", "web", "app", "balancer"],
    [
      role("db.mysql", { state: "running", startedMs: nowMs - 5000 }),
      role("db.backup", {}),
      role("web.install", { state: "failed", error: "exit 1" }),
      role("web.site", { state: "skipped", origin: "web.install" }),
      role("app.migrate", waits("db.mysql.port")),
      role("balancer.route", waits("app.migrate.version")),
      role("app.serve", waits("cache.redis.url", "cache.queue.url")),
    ],
    ["db", "app"],
  );
  expect(findHoldUps(picture, nowMs).map(({ id, kind, holds }) => [id, kind, holds])).toEqual([
    ["web.install", "failed", 1],
    ["cache.@vm", "missing", 1],
    ["db.mysql", "slow", 3],
  ]);
});

test("a vm whose agent died while its role ran holds up as missing", () => {
  const picture = pictureOf(
    ["app"],
    [role("db.mysql", { state: "running", startedMs: 0 }), role("app.serve", waits("db.mysql.port"))],
  );
  expect(findHoldUps(picture, nowMs)).toMatchObject([{ id: "db.mysql", kind: "missing", holds: 1 }]);
  expect(findHoldUps(picture, nowMs)[0]?.text).toContain("its agent is dead");
});

test("what has ended, and a role for which nobody waits, holds nothing up", () => {
  const done = role("db.mysql", { state: "done", startedMs: 0, endedMs: 1 });
  expect(findHoldUps(pictureOf(["db"], [done, role("db.other", { state: "running", startedMs: 0 })]), nowMs)).toEqual([]);
});

test("roles that wait for each other are no root and end the search", () => {
  const picture = pictureOf(["a", "b"], [role("a.x", waits("b.y.v")), role("b.y", waits("a.x.v"))]);
  expect(findHoldUps(picture, nowMs)).toEqual([]);
});

test("a role that waits for its turn is explained by the one before it on its vm", () => {
  const roles = [
    role("db.install", { state: "done", startedMs: 0, endedMs: 1 }),
    role("db.mysql", waits("web.app.url")),
    role("db.backup", {}),
    role("db.report", {}),
  ];
  const lines = explainRole(pictureOf(["db"], roles, ["db"]), "db.report", nowMs);
  expect(lines.map(({ role: id }) => id)).toEqual(["db.report", "db.mysql", "web.app"]);
});
