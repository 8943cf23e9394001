#!/usr/bin/env node
// A round-robin balancer before all apps.
const { execFileSync, spawn } = require("node:child_process");
const { createServer } = require("node:http");

if (process.argv[2] === "serve") serve();
else start();

function start() {
  const service = spawn(process.execPath, [__filename, "serve"], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  service.once("exit", (code) => process.exit(code || 1));
  service.once("message", ({ port }) => {
    execFileSync("weft-put", ["shop_url", `http://${process.env.ADDRESS}:${port}`]);
    console.log(`balancing ${process.env.BACKENDS}`);
    process.exit(0);
  });
}

function serve() {
  const backends = JSON.parse(process.env.BACKENDS);
  let next = 0;
  const server = createServer(async (request, response) => {
    const backend = backends[next++ % backends.length];
    try {
      const answer = await fetch(backend);
      response.writeHead(answer.status).end(await answer.text());
    } catch (error) {
      response.writeHead(502).end(`${backend}: ${error.message}\n`);
    }
  });
  server.listen(0, process.env.ADDRESS, () => process.send({ port: server.address().port }));
}
