// Updates of a stack whose hub and agents are killed at random moments: each generation finishes, and only what changed runs again.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { freePort } from "../../bench/engines.ts";
import { askHub } from "../../src/monitor/follow.ts";
import type { StackStatus } from "../../src/monitor/picture.ts";
import { StackBed } from "./stack-bed.ts";

const roles = (edit: string, folder: string): string => {
  const run = (role: string, rest = ""): string => JSON.stringify(`echo "${role}" >> ${folder}/trace\n${rest}`);
  return `heat_template_version: 2018-08-31
resources:
  db:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - {name: packages, run: ${run("db.packages", "sleep 0.3")}}
          - {name: mysql, run: ${run("db.mysql", `sleep 0.2; weft-put port ${edit}`)}, outputs: {port: {type: string}}}
  web:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - {name: packages, run: ${run("web.packages", "sleep 0.3")}}
          - {name: app, run: ${run("web.app", 'weft-put url "$PORT"')}, inputs: {PORT: {get_attr: [db, port]}}, outputs: {url: {type: string}}}
          - {name: proxy, run: ${run("web.proxy")}, inputs: {URL: {get_attr: [web, url]}}}
`;
};

async function deploy(bed: StackBed, edit: string): Promise<string> {
  const template = join(bed.outside, "stack.yaml");
  writeFileSync(template, roles(edit, bed.outside));
  return bed.deliver(template);
}

function trace(bed: StackBed): string[] {
  const path = join(bed.outside, "trace");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  renameSync(path, `${path}.before`);
  return [...new Set(lines)].sort();
}

async function done(bed: StackBed, generation: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const answer = await askHub(bed.access, "status");
      const status = (await answer.json()) as StackStatus;
      const states = status.roles.map(({ id, state, error }) => `${id} ${error ?? state}`).sort();
      expect({ generation: status.generation, states }).toEqual({
        generation,
        states: bed.roles.map((id) => `${id} done`).sort(),
      });
    },
    { timeout: 60_000, interval: 50 },
  );
}

test.for([1, 2, 3])("hub and agents are killed in the middle of updates, round %i", async (round) => {
  await using bed = new StackBed("shop", await freePort());
  mkdirSync(bed.outside, { recursive: true });
  let generation = await deploy(bed, "one");
  const members = ["hub", ...bed.vms];
  // In this order, or with the hub last: who starts first must not matter.
  for (const member of round % 2 === 0 ? members : members.toReversed()) bed.start(member);
  await done(bed, generation);
  expect(trace(bed)).toEqual(["db.mysql", "db.packages", "web.app", "web.packages", "web.proxy"]);

  for (const edit of ["two", "three"]) {
    generation = await deploy(bed, edit);
    for (let kill = 0; kill < 4; kill++) {
      const member = members[(kill + round) % members.length] as string;
      await new Promise((resolve) => setTimeout(resolve, 70 * round + 40 * kill));
      await bed.kill(member);
      bed.start(member);
    }
    await done(bed, generation);
    expect(trace(bed)).toEqual(["db.mysql", "web.app", "web.proxy"]);
  }
  for (const vm of bed.vms) expect(bed.residentMiB(vm)).toBeLessThanOrEqual(80);
});
