// Generations end to end: what runs again and what is carried over, with a real hub, real agents and compiled templates.
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { GenerationsBench } from "./generations-bench.ts";

// Each waits for a dozen processes on a machine that others may use too.
vi.setConfig({ testTimeout: 60_000 });

/** A vm's definition; a role's script writes its line into the trace first. */
function vmOf(bench: GenerationsBench, name: string, roles: Record<string, string>, count?: string): string {
  const trace = `echo "$WEFT_VM.$WEFT_ROLE" >> ${bench.folder}/trace`;
  const list = Object.entries(roles).map(([role, rest]) => {
    const [, script, more] = /^(.*?)(?: \| (.*))?$/.exec(rest) as unknown as [string, string, string | undefined];
    return `{name: ${role}, run: ${JSON.stringify(`${trace}\n${script}`)}${more === undefined ? "" : `, ${more}`}}`;
  });
  const member = `{type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {tool: script, roles: [${list.join(", ")}]}}}`;
  if (count === undefined) return `  ${name}: ${member}\n`;
  return `  ${name}: {type: OS::Heat::ResourceGroup, properties: {count: ${count}, resource_def: ${member}}}\n`;
}

/** db.packages, db.mysql -> web.app -> web.proxy, and a role apart. */
function shop(bench: GenerationsBench, port: string, proxy = "true"): string {
  return `parameters: {name: {type: string, default: shop}}
resources:
${vmOf(bench, "db", {
  packages: "true",
  mysql:
    `weft-put port ${port} | outputs: {port: {type: number}, password: {type: string, secret: true, publish: on_write}}`.replace(
      "weft-put port",
      "weft-put password hunter22; weft-put port",
    ),
})}${vmOf(bench, "web", {
    app: `weft-put url "http://$PORT/$NAME/$PASSWORD" | inputs: {PORT: {get_attr: [db, port]}, PASSWORD: {get_attr: [db, password]}, NAME: {get_param: name}}, outputs: {url: {type: string, secret: true}}`,
    proxy: `${proxy} | inputs: {URL: {get_attr: [web, url]}}`,
    apart: "true",
  })}`;
}

test("an edited role and its readers run again, the others are carried over with their cells", async () => {
  await using bench = new GenerationsBench();
  await bench.deploy(shop(bench, "3306"));
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql", "db.packages", "web.apart", "web.app", "web.proxy"]);

  await bench.deploy(shop(bench, "3307"));
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql", "web.app", "web.proxy"]);

  // Edited, and it writes what it wrote before: its readers have nothing to do.
  await bench.deploy(shop(bench, "3307 # again"));
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql"]);

  await bench.deploy(shop(bench, "3307 # again", "echo edited"));
  await bench.done();
  expect(bench.trace()).toEqual(["web.proxy"]);
  expect(bench.answers.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 8 }, () => ({ ok: true, outputs: {} })));
});

test("back to an earlier generation: what changed runs again, in an epoch of its own", async () => {
  await using bench = new GenerationsBench();
  await bench.deploy(shop(bench, "3306"));
  await bench.done();
  const { generation } = bench;
  await bench.deploy(shop(bench, "3307"));
  await bench.done();
  bench.trace();
  await bench.deploy(shop(bench, "3306"));
  await bench.until(async () => expect(await bench.epoch()).toBe(`${generation}~2`));
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql", "web.app", "web.proxy"]);
});

test("the same generation with other values opens an epoch, in which only who reads them runs", async () => {
  await using bench = new GenerationsBench();
  await bench.deploy(shop(bench, "3306"), { name: "one" });
  await bench.done();
  const { generation } = bench;
  bench.trace();
  await bench.deploy(shop(bench, "3306"), { name: "two" }, ["web"]);
  await bench.until(async () => expect(await bench.epoch()).toBe(`${generation}~2`));
  await bench.done();
  expect(bench.trace()).toEqual(["web.app", "web.proxy"]);
});

test("a group grows and shrinks: new members run, the others do not, and who reads all of them does", async () => {
  await using bench = new GenerationsBench();
  const template = `parameters: {size: {type: number}}
resources:
${vmOf(bench, "app", { serve: `weft-put url "u$N" | inputs: {N: "%index%"}, outputs: {url: {type: string}}` }, "{get_param: size}")}${vmOf(
    bench,
    "lb",
    { balance: `echo "$URLS" >> ${bench.folder}/urls | inputs: {URLS: {get_attr: [app, url]}}` },
  )}`;
  await bench.deploy(template, { size: "2" });
  await bench.ran(["app[0].serve", "app[1].serve", "lb.balance"]);
  // Each vm that is told another size may open an epoch: who runs does not depend on how many come of it.
  await bench.deploy(template, { size: "3" });
  await bench.ran(["app[2].serve", "lb.balance"]);
  await bench.deploy(template, { size: "2" });
  await bench.stop("app[2]");
  await bench.ran(["lb.balance"]);
  expect(readFileSync(`${bench.folder}/urls`, "utf8")).toBe('["u0","u1"]\n["u0","u1","u2"]\n["u0","u1"]\n');
  expect(bench.answers.every(({ outcome }) => outcome.ok)).toBe(true);
});

test("a vm that is replaced runs its roles in a new epoch; the instance before it is out, and can write nothing", async () => {
  await using bench = new GenerationsBench();
  await bench.deploy(shop(bench, "3306"));
  await bench.done();
  bench.trace();
  await bench.start("db", "replacement");
  await bench.until(async () => expect(await bench.epoch()).toBe(`${bench.generation}~2`));
  await bench.done();
  // The same values as before: nobody else has anything to do.
  expect(bench.trace()).toEqual(["db.mysql", "db.packages"]);
  const old = bench.agents.get("db");
  await bench.until(() => expect(old?.log.join()).toContain("vm db has been replaced"));
  await bench.stop("db");
  const again = await bench.start("db");
  await bench.until(() => expect(again.log.join()).toContain("vm db has been replaced"));
  expect(await bench.epoch()).toBe(`${bench.generation}~2`);
  expect(bench.trace()).toEqual([]);
});

test("an agent that was away while the stack went on, and one that stops in the middle, carry over what they may", async () => {
  await using bench = new GenerationsBench();
  await bench.deploy(shop(bench, "3306"));
  await bench.done();
  bench.trace();
  await bench.stop("web");
  await bench.compile(shop(bench, "3307"));
  bench.deliver("db");
  bench.deliver("web");
  await bench.until(async () => expect((await bench.status("db.mysql"))?.state).toBe("done"));
  await bench.stop("db");
  await bench.start("db");
  await bench.start("web");
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql", "web.app", "web.proxy"]);
});

test("what is still right is not stopped: a role under way goes on and counts for the new generation", async () => {
  await using bench = new GenerationsBench();
  const template = (other: string): string => `resources:
${vmOf(bench, "db", {
  slow: `weft-put pid $$; until test -e ${bench.folder}/go; do sleep 0.02; done; weft-get LATE >> ${bench.folder}/got; weft-put end x | inputs: {LATE: {value: {get_attr: [web, late]}, when: lazy}}, outputs: {pid: {type: string, publish: on_write, before: [LATE]}, end: {type: string}}`,
})}${vmOf(bench, "web", {
    first: `${other}; weft-put late "$PID" | inputs: {PID: {get_attr: [db, pid]}}, outputs: {late: {type: string}}`,
    last: "true | inputs: {END: {get_attr: [db, end]}}",
  })}`;
  await bench.deploy(template("true"));
  await bench.until(async () => expect((await bench.status("web.first"))?.state).toBe("done"));
  await bench.deploy(template("echo edited"));
  await bench.until(async () => expect(await bench.epoch()).toBe(bench.generation));
  await bench.until(async () => expect((await bench.status("web.first"))?.state).toBe("done"));
  writeFileSync(`${bench.folder}/go`, "");
  await bench.done();
  expect(bench.trace()).toEqual(["db.slow", "web.first", "web.first", "web.last"]);
  expect(readFileSync(`${bench.folder}/got`, "utf8")).toMatch(/^\d+\n$/);
});

test("what is wrong now is ended, also while it is blocked in a read, and runs as it is defined now", async () => {
  await using bench = new GenerationsBench();
  const template = (script: string): string => `resources:
${vmOf(bench, "db", { stuck: `${script} | inputs: {NEVER: {value: {get_attr: [web, never]}, when: lazy}}` })}${vmOf(
    bench,
    "web",
    {
      silent: `until test -e ${bench.folder}/go; do sleep 0.02; done; weft-put never x | outputs: {never: {type: string}}`,
    },
  )}`;
  await bench.deploy(template("weft-get NEVER; sleep 600"));
  await bench.until(async () => expect((await bench.status("db.stuck"))?.waitingFor.length).toBe(1));
  await bench.deploy(template("echo better"));
  await bench.until(async () => expect((await bench.status("db.stuck"))?.state).toBe("done"));
  writeFileSync(`${bench.folder}/go`, "");
  await bench.done();
  expect(bench.trace()).toEqual(["db.stuck", "db.stuck", "web.silent"]);
});

test("after a failure the same deployment, delivered again, has what failed tried again in a new epoch", async () => {
  await using bench = new GenerationsBench();
  const template = `resources:
${vmOf(bench, "db", {
  packages: "true",
  mysql: `test -e ${bench.folder}/ok || exit 1; weft-put port 1 | outputs: {port: {type: number}}`,
})}${vmOf(bench, "web", { app: "true | inputs: {PORT: {get_attr: [db, port]}}" })}`;
  await bench.deploy(template);
  await bench.until(() => expect(bench.answers.length).toBe(2));
  expect(bench.answers.map(({ vm, outcome }) => [vm, outcome])).toEqual([
    ["db", { ok: false, error: "db.mysql failed: exit 1" }],
    ["web", { ok: false, error: "web.app failed: input PORT: db.mysql failed: exit 1" }],
  ]);
  writeFileSync(`${bench.folder}/ok`, "");
  bench.deliver("db", "run", "again");
  await bench.until(async () => expect(await bench.epoch()).toBe(`${bench.generation}~2`));
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql", "db.mysql", "db.packages", "web.app"]);
});

test("when the vm leaves, its roles for that run once, with the values that are there, and are waited for", async () => {
  await using bench = new GenerationsBench();
  const template = `resources:
${vmOf(bench, "db", {
  mysql: "weft-put port 3306 | outputs: {port: {type: number}}",
  drain: `echo "$PORT" >> ${bench.folder}/drained | on_delete: true, inputs: {PORT: {get_attr: [db, port]}}`,
})}`;
  await bench.deploy(template);
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql"]);
  bench.deliver("db", "delete");
  await bench.until(() => expect(bench.answers.length).toBe(2));
  expect(bench.answers[1]).toMatchObject({ delivery: { action: "delete" }, outcome: { ok: true } });
  expect(bench.trace()).toEqual(["db.drain"]);
  await bench.stop("db");
  await bench.start("db");
  expect(readFileSync(`${bench.folder}/drained`, "utf8")).toBe("3306\n");
});

test("a vm that has nothing to do for leaving may stay, and takes what comes next", async () => {
  await using bench = new GenerationsBench();
  const template = (port: string): string => `resources:
${vmOf(bench, "db", { mysql: `weft-put port ${port} | outputs: {port: {type: number}}` })}`;
  await bench.deploy(template("1"));
  await bench.done();
  bench.deliver("db", "delete");
  await bench.until(() => expect(bench.answers.map(({ delivery }) => delivery.action)).toEqual(["run", "delete"]));
  await bench.deploy(template("2"));
  await bench.done();
  expect(bench.trace()).toEqual(["db.mysql", "db.mysql"]);
  expect(bench.answers.every(({ outcome }) => outcome.ok)).toBe(true);
});
