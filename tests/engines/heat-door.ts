// Runs inside a network namespace: each argument `SOCKET=HOST:PORT` opens a Unix socket, which is seen from everywhere, and leads to a port
// in there. Prints a line when all are open; ends with its standard input.
import { once } from "node:events";
import { connect, createServer } from "node:net";

for (const argument of process.argv.slice(2)) {
  const [path, host, port] = argument.split(/[=:]/) as [string, string, string];
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port) });
    near.pipe(far).pipe(near);
    // Every error is followed by a close.
    near.on("error", () => {}).on("close", () => far.destroy());
    far.on("error", () => {}).on("close", () => near.destroy());
  });
  server.listen(path);
  await once(server, "listening");
}
process.stdout.write("open\n");
process.stdin.once("end", () => process.exit()).resume();
