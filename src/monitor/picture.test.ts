import { expect, test } from "vitest";
import type { RoleStatus } from "../model/status.ts";
import {
  emptyPicture,
  explainRole,
  roleLine,
  span,
  updatePicture,
  writersOf,
  type Picture,
  type StackStatus,
} from "./picture.ts";

const nowMs = 100_000;

function role(id: string, status: Partial<RoleStatus>): RoleStatus {
  return { id, state: "waiting", atMs: nowMs, attempt: 0, waitingFor: [], ...status };
}

function pictureOf(...roles: RoleStatus[]): Picture {
  const vms = [...new Set(roles.map(({ id }) => id.slice(0, id.lastIndexOf("."))))];
  const status: StackStatus = {
    stack: "shop",
    generation: "g",
    roles,
    vms: vms.map((vm) => ({ vm, instance: "1", address: "127.0.0.1", startedMs: 0 })),
    cells: [],
    outlines: [],
  };
  return updatePicture(emptyPicture, { type: "snapshot", status });
}

function why(picture: Picture, id: string): string {
  return explainRole(picture, id, nowMs)
    .map(({ depth, text }) => "  ".repeat(depth) + text)
    .join("\n");
}

test("a chain of waits is followed down to the role that runs", () => {
  const picture = pictureOf(
    role("db.mysql", { state: "running", startedMs: nowMs - 41_000, attempt: 1 }),
    role("web.app", { waitingFor: [{ cell: "db.mysql.port", sinceMs: nowMs - 12_000 }] }),
    role("web.check", { waitingFor: [{ cell: "web.app.@end", sinceMs: nowMs - 3000 }] }),
  );
  expect(why(picture, "web.check")).toBe(
    ["web.check waits 3.0 s for web.app", "  web.app waits 12 s for db.mysql.port", "    db.mysql runs for 41 s"].join("\n"),
  );
});

test("a dead writer is told from a slow one", () => {
  const slow = pictureOf(role("db.mysql", { state: "running", startedMs: nowMs - 5000, attempt: 2 }));
  const dead = updatePicture(slow, { type: "vm", vm: "db", present: false });
  expect(why(slow, "db.mysql")).toBe("db.mysql runs for 5.0 s, attempt 2");
  expect(why(dead, "db.mysql")).toBe("db.mysql runs for 5.0 s, attempt 2, but its agent is dead");
  const waits = pictureOf(role("db.mysql", { waitingFor: [{ cell: "db.@vm.name", sinceMs: nowMs - 3000 }] }));
  expect(why(updatePicture(waits, { type: "vm", vm: "db", present: false }), "db.mysql").split("\n")[0]).toBe(
    "db.mysql waits 3.0 s for db.name, but its agent is dead",
  );
});

test("a role that runs is judged by how long it took before", () => {
  const picture = pictureOf(role("db.mysql", { state: "running", startedMs: nowMs - 5000, attempt: 1 }));
  const text = (durationMs: number) => explainRole(picture, "db.mysql", nowMs, { "db.mysql": { durationMs } })[0]?.text;
  expect(text(8000)).toBe("db.mysql runs for 5.0 s, usually 8.0 s: about 3.0 s more");
  expect(text(4000)).toBe("db.mysql runs for 5.0 s, usually 4.0 s");
});

test("a vm that has never reported is named", () => {
  const picture = pictureOf(role("web.app", { waitingFor: [{ cell: "db.mysql.port", sinceMs: nowMs - 1000 }] }));
  expect(why(picture, "web.app")).toContain("db.mysql has not been reported: no agent of that vm is there");
});

test("a failure is led back to its origin, with the end of its log", () => {
  const picture = pictureOf(
    role("db.mysql", { state: "failed", error: "exit 1", logTail: "no space left\nsorry" }),
    role("web.app", { state: "failed", error: "input PORT: db.mysql failed: exit 1", origin: "db.mysql" }),
    role("web.check", { state: "skipped", error: "web.app failed", origin: "db.mysql" }),
  );
  expect(why(picture, "web.check")).toBe(
    ["web.check skipped: web.app failed", "  db.mysql failed: exit 1", "    | no space left", "    | sorry"].join("\n"),
  );
});

test("of a group only the members that are still open are followed", () => {
  const picture = pictureOf(
    role("app[0].serve", { state: "done", startedMs: 0, endedMs: 10 }),
    role("app[1].serve", { state: "running", startedMs: nowMs }),
    role("lb.balance", { waitingFor: [0, 1].map((index) => ({ cell: `app[${index}].serve.url`, sinceMs: nowMs })) }),
  );
  expect(why(picture, "lb.balance").split("\n").slice(1)).toEqual(["  app[1].serve runs for 0.0 s"]);
});

test("a cell of a whole group is written by whichever member runs its role", () => {
  const picture = pictureOf(role("member[0].elect", {}), role("member[1].elect", {}));
  expect(writersOf(picture, "member.elect.master")).toEqual(["member[0].elect", "member[1].elect"]);
  expect(writersOf(picture, "db.@vm.first_address")).toBeUndefined();
});

test("roles that wait for each other at run time end the explanation", () => {
  const picture = pictureOf(
    role("a.x", { waitingFor: [{ cell: "b.y.v", sinceMs: nowMs }] }),
    role("b.y", { waitingFor: [{ cell: "a.x.v", sinceMs: nowMs }] }),
  );
  expect(why(picture, "a.x").split("\n")).toHaveLength(3);
});

test("one line tells a role's state", () => {
  const picture = pictureOf(role("a.x", {}));
  const running = role("a.x", {
    state: "running",
    startedMs: nowMs - 2000,
    waitingFor: [{ cell: "b.y.v", sinceMs: nowMs - 1000 }],
  });
  expect(roleLine(picture, role("a.x", {}), nowMs)).toBe("waits for its turn");
  expect(roleLine(picture, running, nowMs)).toBe("runs for 2.0 s, waits 1.0 s for b.y.v");
  expect(roleLine(picture, role("a.x", { state: "skipped" }), nowMs)).toBe("skipped: another member was chosen");
});

test.for([
  [400, "0.4 s"],
  [12_300, "12 s"],
  [185_000, "3 min 5 s"],
] as const)("%i ms is shown as %s", ([ms, text]) => {
  expect(span(ms)).toBe(text);
});
