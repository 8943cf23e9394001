import { expect, test } from "vitest";
import type { RoleStatus } from "../model/status.ts";
import { emptyPicture, type Picture, updatePicture } from "./picture.ts";
import { spansOf } from "./run-spans.ts";

function pictureOf(roles: RoleStatus[]): Picture {
  const output = { name: "port", cell: "db.mysql.port", type: "number" as const, secret: false, publish: "on_success" as const };
  const input = { name: "PORT", when: "lazy" as const, secret: false, reads: [{ cell: "db.mysql.port" }] };
  const outlines = [
    {
      vm: "db",
      atMs: 500,
      order: "listed" as const,
      roles: [{ id: "db.mysql", tool: "chef", inputs: [], outputs: [output], after: [] }],
    },
    {
      vm: "web",
      atMs: 600,
      order: "listed" as const,
      roles: [{ id: "web.app", tool: "script", inputs: [input], outputs: [], after: [] }],
    },
  ];
  return updatePicture(emptyPicture, {
    type: "snapshot",
    status: { stack: "s", generation: "g", roles, vms: [], cells: [], outlines },
  });
}

const common = { atMs: 0, attempt: 1, waitingFor: [] };

test("a role is a span, a read over vms a link, a blocked stretch a span below", () => {
  const picture = pictureOf([
    { ...common, id: "db.mysql", state: "done", startedMs: 1000, endedMs: 4000 },
    {
      ...common,
      id: "web.app",
      state: "failed",
      startedMs: 2000,
      endedMs: 6000,
      blockedMs: 1500,
      blocks: [[2500, 4000]],
      error: "exit 1",
    },
  ]);
  expect(spansOf("shop", picture, 9000)).toMatchObject([
    { id: "shop", parent: undefined, startMs: 500, endMs: 6000, error: "a role has failed" },
    { id: "db.mysql", parent: "shop", startMs: 1000, endMs: 4000, attributes: { "weft.tool": "chef" }, links: [] },
    { id: "web.app", parent: "shop", error: "exit 1", links: [{ to: "db.mysql", output: "port" }] },
    { id: "web.app#0", parent: "web.app", startMs: 2500, endMs: 4000 },
  ]);
});

test("what runs ends now, and what has not run has no span", () => {
  const picture = pictureOf([
    { ...common, id: "db.mysql", state: "running", startedMs: 1000 },
    { ...common, id: "web.app", state: "waiting" },
  ]);
  expect(spansOf("shop", picture, 9000).map(({ id, endMs }) => [id, endMs])).toEqual([
    ["shop", 9000],
    ["db.mysql", 9000],
  ]);
});
