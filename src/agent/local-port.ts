// A second way to the reads of one attempt, for a shell without programs: bash connects to TCP ports by itself, to Unix sockets not.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { showValue } from "../model/cell.ts";
import type { Answering } from "./local-socket.ts";

export interface LocalPort extends AsyncDisposable {
  /** What one must know to read here, `PORT KEY`: for the environment of the attempt alone, as others on the vm reach the port too. */
  address: string;
}

const maxRequestBytes = 1024;

/**
 * Opens a port of the loopback interface. A reader sends `KEY NAME` and a newline, and gets the value's length in bytes, a newline and
 * the value as a text; `-` and a newline for an absent one. Whatever cannot be answered so is answered by closing: the socket says why.
 */
export async function openLocalPort(session: Pick<Answering, "read">): Promise<LocalPort> {
  const key = Buffer.from(randomBytes(16).toString("hex"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const gone = new AbortController();
    socket.on("close", () => {
      sockets.delete(socket);
      gone.abort();
    });
    // A reader that was killed.
    socket.on("error", () => socket.destroy());
    let request = "";
    socket.on("data", (chunk: Buffer) => {
      request += chunk.toString("utf8");
      const [line, rest] = request.split("\n");
      if (rest === undefined && request.length < maxRequestBytes) return;
      socket.removeAllListeners("data").resume();
      answer(session, key, line as string, gone.signal).then(
        (text) => socket.end(text),
        () => socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    address: `${(server.address() as AddressInfo).port} ${key.toString()}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function answer(session: Pick<Answering, "read">, key: Buffer, line: string, gone: AbortSignal): Promise<string> {
  const [given = "", name = ""] = line.split(" ");
  const known = Buffer.from(given);
  if (known.length !== key.length || !timingSafeEqual(known, key)) return "";
  const found = await session.read(name, gone);
  if (!found.ok || found.value === undefined) return "";
  if (found.value === null) return "-\n";
  const text = showValue(found.value);
  return `${Buffer.byteLength(text)}\n${text}`;
}
