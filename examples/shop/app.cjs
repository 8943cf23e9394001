#!/usr/bin/env node
// One app: shows what the database holds. A wrong password, address or port fails the role before it publishes its url.
const { execFileSync, spawn } = require("node:child_process");
const { createServer } = require("node:http");

if (process.argv[2] === "serve") serve();
else start();

async function start() {
  const items = Object.keys(await readItems());
  if (items.length === 0) throw new Error("the catalogue is empty");
  const service = spawn(process.execPath, [__filename, "serve"], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  service.once("exit", (code) => process.exit(code || 1));
  service.once("message", ({ port }) => {
    execFileSync("weft-put", ["url", `http://${process.env.ADDRESS}:${port}`]);
    console.log(`${process.env.NAME} sells ${items.join(", ")}`);
    process.exit(0);
  });
}

function serve() {
  const server = createServer(async (request, response) => {
    try {
      const items = Object.entries(await readItems()).map(([item, price]) => `${item} ${price}`);
      response.end(`${process.env.NAME}: ${items.join(", ")}\n`);
    } catch (error) {
      response.writeHead(502).end(`${error.message}\n`);
    }
  });
  server.listen(0, process.env.ADDRESS, () => process.send({ port: server.address().port }));
}

async function readItems() {
  const { username, password, origin } = new URL(process.env.DATABASE);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const answer = await fetch(origin, { headers: { authorization } });
  if (!answer.ok) throw new Error(`the database says HTTP ${answer.status}`);
  return answer.json();
}
