import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type JournalEntry, openJournal } from "./journal.ts";

const identity = { stack: "s", generation: "g1", vm: "web" };
const started: JournalEntry = { type: "started", role: "app", attempt: 1, group: 4711, processStart: "boot/1", atMs: 5 };
const done: JournalEntry = {
  type: "ended",
  role: "app",
  state: "done",
  outputs: { url: "x" },
  timing: { startedMs: 5, endedMs: 9 },
};

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function write(folder: string, entries: JournalEntry[]): void {
  const journal = openJournal(folder, identity);
  for (const entry of entries) journal.append(entry);
  journal.close();
}

test("what was appended is remembered", () => {
  const folder = makeFolder();
  write(folder, [
    started,
    done,
    { type: "chosen", choice: "app", index: "2" },
    { type: "wrote", role: "app", output: "id", value: 7 },
  ]);
  expect(openJournal(folder, identity).memory).toMatchObject({
    roles: {
      app: { attempt: 1, failures: 0, ended: { state: "done", outputs: { url: "x" } }, timing: { startedMs: 5, endedMs: 9 } },
    },
    unfinished: [],
    wrote: [{ role: "app", output: "id", value: 7 }],
    choices: { app: "2" },
  });
});

test("an attempt without an end is unfinished, and a failed one counts", () => {
  const folder = makeFolder();
  const second: JournalEntry = { type: "started", role: "app", attempt: 2, group: 4712, atMs: 6 };
  write(folder, [started, { type: "attempt-failed", role: "app", attempt: 1, error: "exit 1" }, second]);
  const { memory } = openJournal(folder, identity);
  expect(memory.roles["app"]).toMatchObject({ attempt: 2, failures: 1 });
  expect(memory.unfinished).toMatchObject([{ role: "app", group: 4712 }]);
});

test("a torn last line is cut off, and the next entry starts on a line of its own", () => {
  const folder = makeFolder();
  write(folder, [started]);
  appendFileSync(join(folder, "journal.jsonl"), '{"type":"ended","role":"app","sta');
  const journal = openJournal(folder, identity);
  expect(journal.memory.unfinished).toHaveLength(1);
  journal.append(done);
  journal.close();
  expect(openJournal(folder, identity).memory.roles["app"]?.ended).toMatchObject({ state: "done" });
});

test("a journal whose very first line is torn is begun afresh", () => {
  const folder = makeFolder();
  appendFileSync(join(folder, "journal.jsonl"), '{"format":2,"st');
  write(folder, [started]);
  expect(openJournal(folder, identity).memory.unfinished).toHaveLength(1);
});

test("the journal of another vm is set aside", () => {
  const folder = makeFolder();
  write(folder, [started, done]);
  const journal = openJournal(folder, { ...identity, vm: "db" });
  expect(journal.memory.roles).toEqual({});
  expect(readdirSync(folder).sort()).toEqual(["journal-before.jsonl", "journal.jsonl"]);
  expect(readFileSync(join(folder, "journal-before.jsonl"), "utf8")).toContain("4711");
});

test("only its owner may read it", () => {
  const folder = makeFolder();
  write(folder, []);
  expect(statSync(join(folder, "journal.jsonl")).mode & 0o777).toBe(0o600);
});

const basis = { definition: "d", inputs: { URL: "u" } };

test("a new generation begins with what roles have done, not with how they ended; what was started since does not stand", () => {
  const folder = makeFolder();
  write(folder, [
    { type: "begun", delivery: "1", generation: "g1", inputs: "i" },
    { type: "epoch", epoch: "g1" },
    started,
    { ...done, basis },
    { type: "chosen", choice: "app", index: "2" },
    { type: "started", role: "other", attempt: 1, group: 4713, atMs: 6 },
    { ...done, role: "other", basis },
    { type: "started", role: "other", attempt: 2, group: 4714, atMs: 7 },
    { type: "begun", delivery: "2", generation: "g2", inputs: "j" },
  ]);
  const { memory } = openJournal(folder, identity);
  expect(memory).toMatchObject({ begun: { delivery: "2", generation: "g2", inputs: "j" }, choices: {}, wrote: [] });
  expect(memory.epoch).toBeUndefined();
  expect(memory.roles["app"]).toEqual({
    attempt: 1,
    failures: 0,
    timing: {},
    success: { basis, outputs: { url: "x" }, timing: { startedMs: 5, endedMs: 9 } },
  });
  expect(memory.roles["other"]).toEqual({ attempt: 2, failures: 0, timing: {} });
  expect(memory.unfinished).toMatchObject([{ role: "other", group: 4714 }]);
});

test("what is carried over is done in this generation, and once more in the next", () => {
  const folder = makeFolder();
  write(folder, [started, { ...done, basis }, { type: "begun", delivery: "2", generation: "g2", inputs: "j" }]);
  write(folder, [{ type: "carried", role: "app" }]);
  expect(openJournal(folder, identity).memory.roles["app"]).toMatchObject({
    ended: { state: "done", outputs: { url: "x" } },
    timing: { startedMs: 5, endedMs: 9 },
  });
  write(folder, [{ type: "begun", delivery: "3", generation: "g3", inputs: "j" }]);
  expect(openJournal(folder, identity).memory.roles["app"]?.success).toMatchObject({ basis });
});

test("a success whose value was refused does not stand", () => {
  const folder = makeFolder();
  write(folder, [started, { ...done, basis }, { ...done, state: "failed", error: "conflict", origin: "web.app" }]);
  expect(openJournal(folder, identity).memory.roles["app"]?.success).toBeUndefined();
});

test("secrets stand sealed, and are read back also when they are secret no more", () => {
  const folder = makeFolder();
  const hidden = {
    isSecret: () => true,
    seal: (_role: string, _output: string, value: unknown) => `sealed(${JSON.stringify(value)})`,
    open: () => null,
  };
  const first = openJournal(folder, identity, hidden);
  first.append(started);
  first.append(done);
  first.append({ type: "wrote", role: "app", output: "id", value: 7 });
  first.close();
  expect(readFileSync(join(folder, "journal.jsonl"), "utf8")).not.toContain('"x"}');
  const open = { isSecret: () => false, seal: () => null, open: (_role: string, output: string) => `opened ${output}` };
  const { memory } = openJournal(folder, identity, open);
  expect(memory.roles["app"]?.ended?.outputs).toEqual({ url: "opened url" });
  expect(memory.wrote).toMatchObject([{ value: "opened id" }]);
});
