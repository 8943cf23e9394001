// Runs inside a network namespace and passes connections on: `tcp:HOST:PORT=SOCKET` takes them at a port and gives them to a Unix socket
// of a process outside, `SOCKET=tcp:HOST:PORT` the other way round. Prints a line when all are open.
import { once } from "node:events";
import { connect, createServer, type NetConnectOpts } from "node:net";

function place(text: string): NetConnectOpts & { path?: string } {
  const tcp = /^tcp:(.+):(\d+)$/.exec(text);
  return tcp === null ? { path: text } : { host: tcp[1] as string, port: Number(tcp[2]) };
}

for (const argument of process.argv.slice(2)) {
  const [from, to] = argument.split("=").map(place) as [ReturnType<typeof place>, ReturnType<typeof place>];
  const server = createServer((near) => {
    const far = connect(to);
    near.pipe(far).pipe(near);
    // Every error is followed by a close.
    near.on("error", () => {}).on("close", () => far.destroy());
    far.on("error", () => {}).on("close", () => near.destroy());
  });
  server.listen(from);
  await once(server, "listening");
}
process.stdout.write("open\n");
// Whoever started it has died.
process.stdin.once("end", () => process.exit()).resume();
