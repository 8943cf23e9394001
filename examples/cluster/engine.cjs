#!/usr/bin/env node
// One member's database engine. It starts idle; a primary copies each write to its secondaries before it says yes.
// Steps taken out of order are refused, so that a wrong order of roles fails the stack.
const { execFileSync, spawn } = require("node:child_process");
const { createServer } = require("node:http");

if (process.argv[2] === "serve") serve(process.env.CLUSTER_KEY);
else start();

function start() {
  const service = spawn(process.execPath, [__filename, "serve"], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  service.once("exit", (code) => process.exit(code || 1));
  service.once("message", ({ port }) => {
    execFileSync("weft-put", ["endpoint", `http://${process.env.ADDRESS}:${port}`]);
    process.exit(0);
  });
}

function serve(key) {
  const rows = {};
  let mode = "idle";
  let secondaries = [];
  const post = (url, body) => fetch(url, { method: "POST", body, headers: { authorization: key } });

  const commands = {
    "enable-replication": () => {
      if (mode === "idle") mode = "replicating";
      return mode === "replicating" || "replication is for secondaries";
    },
    "become-primary": (body) => {
      if (mode !== "idle" && mode !== "primary") return "a secondary cannot become primary";
      mode = "primary";
      secondaries = JSON.parse(body);
      return true;
    },
    follow: async (primary) => {
      if (mode !== "replicating" && mode !== "secondary") return "enable replication first";
      const answer = await fetch(`${primary}/mode`);
      if ((await answer.text()).trim() !== "primary") return "that primary is not initialised";
      mode = "secondary";
      return true;
    },
    replicate: (body) => {
      if (mode !== "secondary") return "not a secondary yet";
      Object.assign(rows, JSON.parse(body));
      return true;
    },
    write: async (body) => {
      if (mode !== "primary") return "only the primary takes writes";
      Object.assign(rows, JSON.parse(body));
      const answers = await Promise.all(secondaries.map((secondary) => post(`${secondary}/replicate`, body)));
      return answers.every((answer) => answer.ok) || "a secondary has refused the write";
    },
  };

  const server = createServer(async (request, response) => {
    const command = request.url.slice(1);
    if (request.method === "GET") return response.end(command === "mode" ? `${mode}\n` : JSON.stringify(rows));
    const body = Buffer.concat(await request.toArray()).toString();
    if (request.headers.authorization !== key && command !== "write") return response.writeHead(401).end("wrong key\n");
    const result = await commands[command](body);
    if (result === true) response.end(`${command}: ${mode}\n`);
    else response.writeHead(409).end(`${command}: ${result}\n`);
  });
  server.listen(0, process.env.ADDRESS, () => process.send({ port: server.address().port }));
}
