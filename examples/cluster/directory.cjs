#!/usr/bin/env node
// The directory service: members enrol with their name and address, and anybody may ask who is there.
const { execFileSync, spawn } = require("node:child_process");
const { createServer } = require("node:http");

if (process.argv[2] === "serve") serve();
else start();

function start() {
  const service = spawn(process.execPath, [__filename, "serve"], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  service.once("exit", (code) => process.exit(code || 1));
  service.once("message", ({ port }) => {
    execFileSync("weft-put", ["directory_url", `http://${process.env.ADDRESS}:${port}`]);
    process.exit(0);
  });
}

function serve() {
  const enrolled = {};
  const server = createServer(async (request, response) => {
    if (request.method === "PUT") enrolled[request.url.slice(1)] = Buffer.concat(await request.toArray()).toString();
    response.end(JSON.stringify(enrolled));
  });
  server.listen(0, process.env.ADDRESS, () => process.send({ port: server.address().port }));
}
