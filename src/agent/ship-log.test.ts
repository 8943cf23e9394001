import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { RoleLog } from "../model/status.ts";
import { type LogSource, shipLog } from "./ship-log.ts";

function ship(more: Partial<LogSource> = {}): { path: string; sent: RoleLog[]; end: () => void } {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const folder = mkdtempSync(join(tmpdir(), "weft-log-"));
  onTestFinished(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "log");
  const sent: RoleLog[] = [];
  const source: LogSource = {
    id: "db.mysql",
    attempt: 1,
    path,
    isSafe: () => true,
    mask: (text) => text.replaceAll("hush", "***"),
    send: async (log) => void sent.push(log),
    ...more,
  };
  return { path, sent, end: shipLog(source) };
}

test("what has grown is sent, masked, and the end at the end", async () => {
  const { path, sent, end } = ship();
  vi.advanceTimersByTime(1000);
  writeFileSync(path, "hush\n");
  vi.advanceTimersByTime(2000);
  appendFileSync(path, "b\n");
  end();
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  expect(sent.map(({ text, ended }) => ({ text, ended }))).toEqual([
    { text: "***\n", ended: false },
    { text: "***\nb\n", ended: true },
  ]);
});

test("nothing is sent before all secrets are known, but the end", async () => {
  const { path, sent, end } = ship({ isSafe: () => false });
  writeFileSync(path, "a\n");
  vi.advanceTimersByTime(5000);
  end();
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ text: "a\n", ended: true });
});

test("of a long log only whole lines of its end are sent", async () => {
  const { path, sent, end } = ship();
  writeFileSync(path, "0123456789\n".repeat(2000));
  end();
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  const { text, skippedBytes } = sent[0] as RoleLog;
  expect(text).toMatch(/^(0123456789\n)+$/);
  expect(text.length + skippedBytes).toBe(22_000);
  expect(text.length).toBeLessThanOrEqual(16 * 1024);
});
