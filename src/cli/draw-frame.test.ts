import { expect, test } from "vitest";
import type { RoleStatus } from "../model/status.ts";
import { emptyPicture, type Picture, updatePicture } from "../monitor/picture.ts";
import { drawFrame, type Frame } from "./draw-frame.ts";

const nowMs = 60_000;

function pictureOf(...roles: (Partial<RoleStatus> & { id: string })[]): Picture {
  const statuses = roles.map((role): RoleStatus => ({ state: "waiting", atMs: nowMs, attempt: 1, waitingFor: [], ...role }));
  const outlines = statuses.map(({ id }) => ({
    vm: id.slice(0, id.lastIndexOf(".")),
    atMs: 0,
    order: "listed" as const,
    roles: [{ id, tool: "script", inputs: [], outputs: [], after: [] }],
  }));
  const vms = outlines.map(({ vm }) => ({ vm, instance: "i", address: "a", startedMs: 0 }));
  return updatePicture(emptyPicture, {
    type: "snapshot",
    status: { stack: "s", generation: "g", roles: statuses, vms, cells: [], outlines },
  });
}

function draw(frame: Partial<Frame> & Pick<Frame, "roles" | "picture">): string[] {
  return drawFrame({ usual: {}, startMs: 48_000, nowMs, columns: 80, rows: 24, ...frame }).map((line) =>
    line.map(({ text }) => text).join(""),
  );
}

const roles = ["db.mysql", "db.backup", "app[0].serve", "late.role"];
const picture = pictureOf(
  { id: "db.mysql", state: "running", startedMs: nowMs - 3000 },
  { id: "app[0].serve", waitingFor: [{ cell: "db.mysql.port", sinceMs: nowMs - 2000 }] },
);

test("a frame shows roles by vm, why they wait, and how far the run is", () => {
  expect(draw({ roles, picture, usual: { "db.mysql": { durationMs: 4000 } } })).toEqual([
    "  db      ▶ mysql   runs for 3.0 s of about 4.0 s",
    "          · backup  waits for its turn",
    "  app[0]  · serve   waits 2.0 s for db.mysql.port",
    "  late    · role    its vm starts",
    "  ░░░░░░░░░░░░░░░░░░░░  0 of 4 roles, 12 s, about 1.0 s to go",
  ]);
});

test("on a narrow terminal names and the bar make room for what roles do and how far the run is", () => {
  const long = pictureOf(
    { id: "member[0].initialise_secondary", state: "running", startedMs: nowMs - 3000 },
    { id: "member[0].monitor" },
  );
  expect(draw({ roles: ["member[0].initialise_secondary", "member[0].monitor"], picture: long, columns: 40 })).toEqual([
    "  member[0]  ▶ initialis…  runs for 3.…",
    "             · monitor     waits for i…",
    "  ░░░░░░░░░░░░░░░░░  0 of 2 roles, 12 s",
  ]);
  expect(draw({ roles: [], picture: long, columns: 24 })).toEqual(["  ░  0 of 0 roles, 12 s"]);
});

test("a long name of what a role waits for does not hide how much more it waits for", () => {
  const cells = Array.from({ length: 9 }, (_, index) => ({
    cell: `member[${index}].initialise_secondary.replication_position`,
    sinceMs: nowMs - 2000,
  }));
  const many = pictureOf(
    { id: "directory.verify", waitingFor: cells },
    { id: "directory.report", waitingFor: cells.slice(0, 2).map((one) => ({ ...one, cell: one.cell.slice(0, 12) })) },
    { id: "db.check", state: "running", startedMs: nowMs - 3000, waitingFor: cells },
  );
  expect(draw({ roles: ["directory.verify", "directory.report", "db.check"], picture: many })).toEqual([
    "  directory  · verify  waits 2.0 s for member[0].initialise_seconda… and 8 more",
    "             · report  waits 2.0 s for member[0].in, member[1].in",
    "  db         ▶ check   runs for 3.0 s, waits 2.0 s for member[0].in… and 8 more",
    "  ░░░░░░░░░░░░░░░░░░░░  0 of 3 roles, 12 s",
  ]);
  expect(draw({ roles: ["directory.verify"], picture: many, columns: 52 })[0]).toBe(
    "  directory  · verify  waits 2.0 s for 9 values",
  );
});

test("a role that takes much longer than before is said to", () => {
  const [line] = draw({ roles, picture, usual: { "db.mysql": { durationMs: 1000 } } });
  expect(line).toContain("runs for 3.0 s, longer than the usual 1.0 s");
});

test("no line is wider than the terminal", () => {
  const long = pictureOf({ id: "db.mysql", state: "failed", error: "x".repeat(300) });
  for (const columns of [40, 80, 200]) {
    for (const line of draw({ roles: ["db.mysql"], picture: long, columns })) expect(line.length).toBeLessThanOrEqual(columns);
  }
});

test("where not every role has room, those that run or wait come first, and the rest is counted", () => {
  const many = Array.from({ length: 100 }, (_, index) => `app[${index}].serve`);
  const states = many.map((id, index) => ({
    id,
    state: index === 70 ? ("running" as const) : ("done" as const),
    startedMs: 0,
    endedMs: 1000,
  }));
  const lines = draw({ roles: many, picture: pictureOf(...states), rows: 4 });
  expect(lines).toHaveLength(4);
  expect(lines.some((line) => line.includes("app[70]"))).toBe(true);
  expect(lines.at(-1)).toContain("99 of 100 roles (97 not shown)");
});
