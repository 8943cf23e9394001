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
