// The agents' WebSocket against the library that hubs use, which is somebody else's reading of the same protocol.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { HubSocket } from "../coordinator/backends/hub-socket.ts";
import { FrameReader, makeFrame } from "../coordinator/backends/hub-socket-frames.ts";

interface Bench {
  peer: WebSocket;
  socket: HubSocket;
  /** In order: `open`, texts, `error ...`, `close`. */
  events: string[];
}

function connect(url: string): { socket: HubSocket; events: string[] } {
  const events: string[] = [];
  const socket = new HubSocket(
    url,
    { handshakeTimeoutMs: 2000 },
    {
      onOpen: (address) => void events.push(`open from ${address}`),
      onText: (text) => void events.push(text),
      onHeard: () => {},
      onError: (message) => void events.push(`error ${message}`),
      onClose: () => void events.push("close"),
    },
  );
  onTestFinished(() => socket.terminate());
  return { socket, events };
}

async function openBench(): Promise<Bench> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 10_000_000 });
  onTestFinished(() => server.close());
  await once(server, "listening");
  const connected = once(server, "connection");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const [peer] = (await connected) as [WebSocket];
  await vi.waitFor(() => expect(client.events).toEqual(["open from 127.0.0.1"]));
  client.events.length = 0;
  return { peer, ...client };
}

const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];

test.for(sizes)("a text of %i bytes goes and comes", async (size) => {
  const { peer, socket, events } = await openBench();
  const text = "ü".repeat(size / 2) + "x".repeat(size % 2);
  peer.on("message", (data) => peer.send(`${(data as Buffer).toString()}.`));
  socket.send(text);
  await vi.waitFor(() => expect(events.length).toBe(1));
  expect(events[0] === `${text}.`).toBe(true);
});

test("parts of a text are put together, also around a ping, which is answered", async () => {
  const { peer, events } = await openBench();
  const pong = once(peer, "pong");
  peer.send("one ", { fin: false });
  peer.ping("are you there");
  peer.send("two ", { fin: false });
  peer.send("three", { fin: true });
  await vi.waitFor(() => expect(events).toEqual(["one two three"]));
  expect(((await pong) as [Buffer])[0].toString()).toBe("are you there");
});

test("a ping is answered by the other side, and its closing is heard once", async () => {
  const { peer, socket, events } = await openBench();
  const pinged = once(peer, "ping");
  socket.ping();
  await pinged;
  peer.close(4403, "superseded");
  await vi.waitFor(() => expect(events).toEqual(["close"]));
});

test.for<[string, (head: string) => string, string]>([
  ["an answer that is no WebSocket", () => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "unexpected answer: HTTP 200"],
  [
    "another key than was sent",
    () => "HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\n\r\n",
    "the server does not speak WebSocket",
  ],
])("%s is an error", async ([, answer, message]) => {
  const server = createServer();
  server.on("connection", (peer) => peer.once("data", (data) => peer.write(answer(data.toString()))));
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { events } = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await vi.waitFor(() => expect(events).toEqual([`error ${message}`, "close"]));
  server.closeAllConnections();
});

test("nobody there is an error, and then closed", async () => {
  const { events } = connect("http://127.0.0.1:1/");
  await vi.waitFor(() => expect(events).toEqual([expect.stringContaining("ECONNREFUSED"), "close"]));
});

const unmasked = (...bytes: number[]): Buffer => Buffer.from(bytes);

test("frames are read however they are cut", () => {
  const text = Buffer.from("a text of more than one hundred and twenty-five bytes".repeat(4));
  const frame = Buffer.concat([unmasked(0x81, 126, text.length >> 8, text.length & 255), text, unmasked(0x89, 0, 0x81, 1, 65)]);
  for (let size = 1; size <= frame.length; size++) {
    const reader = new FrameReader();
    const found: string[] = [];
    for (let start = 0; start < frame.length; start += size)
      for (const { opcode, payload } of reader.read(frame.subarray(start, start + size)))
        found.push(`${opcode} ${payload.toString()}`);
    expect(found).toEqual([`1 ${text.toString()}`, "9 ", "1 A"]);
  }
});

test.for<[string, Buffer]>([
  ["a masked frame", makeFrame(1, Buffer.from("x"))],
  ["reserved bits", unmasked(0xc1, 1, 65)],
  ["a binary frame", unmasked(0x82, 1, 65)],
  ["a continuation of nothing", unmasked(0x80, 1, 65)],
  ["a text inside a text", unmasked(0x01, 1, 65, 0x81, 1, 66)],
  ["a length beyond all reason", unmasked(0x81, 127, 1, 0, 0, 0, 0, 0, 0, 0)],
])("%s from a server is refused", ([, bytes]) => {
  expect(() => [...new FrameReader().read(bytes)]).toThrow("the server sends");
});
