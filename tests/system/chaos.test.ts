// Hub and agents of the shop are killed at random moments and started again: the stack finishes, and nothing that has succeeded runs twice.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { followToEnd } from "../../src/monitor/follow.ts";
import { freePort } from "../../bench/engines.ts";
import { root, StackBed } from "./stack-bed.ts";

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

// A small generator whose whole state is the seed, so that a failing seed can be run again (mulberry32).
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.for(seeds)("the shop finishes although hub and agents are killed at random, seed %i", async (seed) => {
  const random = randomOf(seed);
  await using bed = new StackBed("shop", await freePort());
  await bed.prepare("examples/shop/stack.yaml");
  const members = ["hub", ...bed.vms];
  for (const member of members) bed.start(member);

  const end = followToEnd(bed.access, bed.roles, { timeoutMs: 60_000, signal: new AbortController().signal }, () => {});
  const kills = Array.from({ length: 8 }, async () => {
    const member = members[Math.floor(random() * members.length)] as string;
    const [atMs, pauseMs] = [random() * 1500, random() * 150];
    await new Promise((resolve) => setTimeout(resolve, atMs));
    await bed.kill(member);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    bed.start(member);
  });
  await Promise.all(kills);
  const { picture, reason } = await end;

  const states = Object.fromEntries([...picture.roles.values()].map((role) => [role.id, role.error ?? role.state]));
  expect({ reason, states }).toEqual({ reason: undefined, states: Object.fromEntries(bed.roles.map((id) => [id, "done"])) });
  expect(bed.vms.flatMap((vm) => ranAgain(bed.stateOf(vm)))).toEqual([]);
});

// Roles that a journal shows as started after it shows them as ended well.
function ranAgain(stateDir: string): string[] {
  const journals = readdirSync(stateDir).filter((name) => name.startsWith("journal"));
  expect(journals.length).toBeGreaterThan(0);
  return journals.flatMap((name) => {
    const done = new Set<string>();
    const again: string[] = [];
    for (const line of readFileSync(join(stateDir, name), "utf8").trimEnd().split("\n")) {
      const entry = JSON.parse(line) as { type: string; role?: string; state?: string };
      if (entry.type === "ended" && entry.state === "done") done.add(entry.role as string);
      if (entry.type === "started" && done.has(entry.role as string)) again.push(`${stateDir}: ${entry.role}`);
    }
    return again;
  });
}

test("a second agent of a vm is refused while the first one runs", async () => {
  await using bed = new StackBed("handshake", await freePort());
  await bed.prepare("examples/handshake/stack.yaml");
  for (const member of ["hub", ...bed.vms]) bed.start(member);
  await followToEnd(bed.access, bed.roles, { timeoutMs: 30_000, signal: new AbortController().signal }, () => {});
  const second = spawnSync(process.execPath, [join(root, "dist/agent.cjs"), "--config", join(bed.stateOf("vmA"), "agent.json")], {
    encoding: "utf8",
  });
  expect({ status: second.status, stderr: second.stderr }).toEqual({
    status: 2,
    stderr: expect.stringContaining("another agent of vmA runs already"),
  });
});

test("a journal of the shop is where the tests look for it", async () => {
  await using bed = new StackBed("shop", await freePort());
  await bed.prepare("examples/shop/stack.yaml");
  for (const member of ["hub", ...bed.vms]) bed.start(member);
  await followToEnd(bed.access, bed.roles, { timeoutMs: 60_000, signal: new AbortController().signal }, () => {});
  expect(existsSync(join(bed.stateOf("db"), "journal.jsonl"))).toBe(true);
});
