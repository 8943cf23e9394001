import { connect, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { openLocalPort } from "./local-port.ts";
import type { Answer } from "./role-session.ts";

const answers: Record<string, Answer> = {
  text: { ok: true, value: "zwei\nZeilen ö\n" },
  list: { ok: true, value: [1, null] },
  empty: { ok: true, value: "" },
  absent: { ok: true, value: null },
  failed: { ok: false, why: "failed", message: "no" },
};

async function ask(address: string, line: (key: string) => string): Promise<string> {
  const [port, key] = address.split(" ") as [string, string];
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(line(key));
  return readAll(socket);
}

async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += (chunk as Buffer).toString("utf8");
  return text;
}

test.for([
  ["text", "15\nzwei\nZeilen ö\n"],
  ["list", "8\n[1,null]"],
  ["empty", "0\n"],
  ["absent", "-\n"],
  ["failed", ""],
])("%s is answered by its length and itself, or not at all", async ([name, answer]) => {
  await using port = await openLocalPort({ read: async (asked) => answers[asked] as Answer });
  expect(await ask(port.address, (key) => `${key} ${name}\n`)).toBe(answer);
});

test("who does not know the key is told nothing, and nothing is read for them", async () => {
  const asked: string[] = [];
  await using port = await openLocalPort({
    read: async (name) => {
      asked.push(name);
      return { ok: true, value: 1 };
    },
  });
  for (const line of ["text\n", " text\n", `${"0".repeat(32)} text\n`, "x".repeat(4096)])
    expect(await ask(port.address, () => line)).toBe("");
  expect(asked).toEqual([]);
});

test("a reader that goes gives up its read, and closing ends those that are blocked", async () => {
  const reading: string[] = [];
  const gone: string[] = [];
  const port = await openLocalPort({
    read: (name, signal) =>
      new Promise<Answer>((resolve) => {
        reading.push(name);
        signal.addEventListener("abort", () => {
          gone.push(name);
          resolve({ ok: false, why: "failed", message: "gone" });
        });
      }),
  });
  const [number, key] = port.address.split(" ");
  const left = connect(Number(number), "127.0.0.1");
  left.write(`${key} left\n`);
  await vi.waitUntil(() => reading.includes("left"));
  left.destroy();
  await vi.waitUntil(() => gone.includes("left"));
  const blocked = ask(port.address, (known) => `${known} blocked\n`);
  await vi.waitUntil(() => reading.includes("blocked"));
  await port[Symbol.asyncDispose]();
  expect(await blocked.catch(() => "")).toBe("");
});
