// A process of bench/readers.ts: many vms, each with its own connection, token and address, that all read one cell. Says `ready` when all
// are blocked, then, when all are awake, the moment of that (ns of the machine's monotonic clock).
import { WebSocket } from "ws";
import { protocolVersion } from "../src/coordinator/backends/hub-frames.ts";
import { rightsTag, vmToken } from "../src/hub/tokens.ts";

const [port, tokenKey, first, count, key] = process.argv.slice(2) as [string, string, string, string, string];
const rights = { read: ["writer.role.value"], write: [], choose: [] };
const connectedAtOnce = 100;

const total = Number(count);
let awake = 0;

function connectReader(index: number): Promise<void> {
  const id = `reader${index}`;
  const vm = { id, generation: "g1", rights, tag: rightsTag(tokenKey, "bench", id, "g1", rights) };
  const hello = { v: protocolVersion, stack: "bench", token: vmToken(tokenKey, "bench", id), vm };
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + (index % 250)}`;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/connect`, { localAddress, perMessageDeflate: false });
    socket.once("error", reject);
    socket.once("open", () => socket.send(JSON.stringify(hello)));
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { welcome?: true; snapshot?: unknown[]; entry?: object };
      if (frame.welcome === true) socket.send(JSON.stringify({ id: 1, verb: "watch", prefix: key }));
      else if (frame.snapshot !== undefined) resolve();
      else if (frame.entry !== undefined && ++awake === total) process.stdout.write(`${process.hrtime.bigint()}\n`);
      else if (frame.entry === undefined) reject(new Error(data.toString()));
    });
  });
}

for (let begin = 0; begin < total; begin += connectedAtOnce) {
  const size = Math.min(connectedAtOnce, total - begin);
  await Promise.all(Array.from({ length: size }, (_, index) => connectReader(Number(first) + begin + index)));
}
process.stdout.write("ready\n");
