#!/usr/bin/env node
// A key-value database over HTTP that makes its own password. The role ends when the service answers; the service stays.
const { execFileSync, spawn } = require("node:child_process");
const { createServer } = require("node:http");
const { randomBytes } = require("node:crypto");

if (process.argv[2] === "serve") serve(process.env.DB_PASSWORD);
else start();

function start() {
  const password = randomBytes(18).toString("base64url");
  const service = spawn(process.execPath, [__filename, "serve"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, DB_PASSWORD: password },
  });
  service.once("exit", (code) => process.exit(code || 1));
  service.once("message", ({ port }) => {
    execFileSync("weft-put", ["password", "-"], { input: password });
    execFileSync("weft-put", ["port", String(port)]);
    console.log(`the database listens on ${process.env.ADDRESS}:${port}`);
    process.exit(0);
  });
}

function serve(password) {
  const expected = `Basic ${Buffer.from(`shop:${password}`).toString("base64")}`;
  const rows = new Map();
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== expected) return response.writeHead(401).end("wrong password\n");
    const key = request.url.slice(1);
    if (request.method === "PUT") {
      const chunks = await request.toArray();
      rows.set(key, Buffer.concat(chunks).toString());
      return response.writeHead(204).end();
    }
    response.end(JSON.stringify(key === "" ? Object.fromEntries(rows) : (rows.get(key) ?? null)));
  });
  server.listen(0, process.env.ADDRESS, () => process.send({ port: server.address().port }));
}
