// Who may do what at the hub's doors, over a coordinator given by its opener: in every example each vm reads and writes exactly the
// cells that its own roles read and write, and nobody comes in with another's token or tag.
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { placeVms, type PlacedVm } from "../../src/cli/place-vms.ts";
import { protocolVersion } from "../../src/coordinator/backends/hub-frames.ts";
import type { Coordinator } from "../../src/coordinator/coordinator.ts";
import { openHub, type Hub } from "../../src/hub/hub.ts";
import { operatorToken, rightsTag, vmToken } from "../../src/hub/tokens.ts";
import { rightsText } from "../../src/model/rights-text.ts";
import { HeatPlayer } from "../../src/machines/play-heat.ts";
import { chooseBranches, type Lookup } from "../../src/functions/evaluate.ts";
import { cellId, endCell, factCell, parseCellId, wholeId } from "../../src/model/cell.ts";
import { type Expr, readsOf } from "../../src/model/expression.ts";
import type { Rights, RolePlan } from "../../src/model/vm-plan.ts";
import { compileFolder, folders } from "../support/compile-folder.ts";

const tokenKey = "a key for tests only";
const [stack, generation] = ["example", "g1"];

async function placeExample(name: string): Promise<PlacedVm[]> {
  const { template, resolved, emitted } = compileFolder(`examples/${name}`).compiled;
  if (template === undefined || resolved === undefined || emitted === undefined) throw new Error(`${name} does not compile`);
  const addresses = new Map<string, string>();
  const heat = new HeatPlayer({ template, resolved, stack, addresses, attrs: {} });
  return placeVms(emitted.plan, heat, addresses, async (count) => Array.from({ length: count }, () => "127.0.0.1"));
}

// Read off the roles and outputs themselves, and not off the rights that the compiler derived of them.
function readCells(vm: PlacedVm, vms: PlacedVm[]): Set<string> {
  const membersOf = (group: string, inside = ""): string[] =>
    vms.map(({ id }) => id).filter((id) => id.startsWith(`${group}[`) && id.endsWith(`]${inside}`));
  // Members one by one, where a value is made of something of each.
  const known: Lookup = {
    slot: (slot) => vm.values[slot] ?? null,
    read: () => {
      throw new Error("a choice depends on a read");
    },
  };
  const cellsOf = (values: Expr[]): string[] =>
    values.flatMap((value) =>
      readsOf(chooseBranches(value, known)).flatMap((read) =>
        read.kind === "cell"
          ? [read.cell]
          : membersOf(read.group, read.inside).map((member) => cellId(member, read.role, read.output)),
      ),
    );
  const cells = vm.plan.roles.flatMap(({ inputs, after }) => [
    ...cellsOf(inputs.map(({ value }) => value)),
    ...after.flatMap(({ cells }) =>
      cells.kind === "cell" ? [cells.cell] : membersOf(cells.group, cells.inside).map((member) => endCell(member, cells.role)),
    ),
  ]);
  // Whoever may be asked for the stack's outputs reads what they are made of.
  return new Set([...cells, ...cellsOf(Object.values(vm.plan.outputs ?? {}).map(({ value }) => value))]);
}

function writtenCells(vm: PlacedVm): string[] {
  const holder = ({ on }: RolePlan): string => (on !== "all" && on.pick === "one" ? wholeId(vm.id) : vm.id);
  return [
    ...vm.plan.facts.map((fact) => factCell(vm.id, fact)),
    ...vm.plan.roles.flatMap((role) => [
      ...role.outputs.filter(({ published }) => published).map(({ cell }) => cell),
      ...(role.publishEnd ? [endCell(holder(role), role.name)] : []),
    ]),
  ];
}

const examples = folders
  .flatMap((folder) => /^examples\/(.*)$/.exec(folder)?.[1] ?? [])
  .filter((name) => !name.endsWith("deadlock"));

interface Claim {
  stack: string;
  token: string;
  vm: { id: string; generation: string; rights: Rights; tag: string };
}

function claimOf(vm: string, rights: Rights): Claim {
  const tag = rightsTag(tokenKey, stack, vm, generation, rights);
  return { stack, token: vmToken(tokenKey, stack, vm), vm: { id: vm, generation, rights, tag } };
}

async function askByHttp(hub: Hub, claim: Claim, method: string, cell: string): Promise<number> {
  const headers = {
    authorization: `Bearer ${claim.token}`,
    "x-weft-vm": claim.vm.id,
    "x-weft-generation": claim.vm.generation,
    "x-weft-rights": rightsText(claim.vm.rights),
    "x-weft-tag": claim.vm.tag,
  };
  const url = `${hub.url}/v1/stacks/${claim.stack}/cells/${encodeURIComponent(cell)}`;
  const answer = await fetch(url, { method, headers, ...(method === "PUT" ? { body: "true" } : {}) });
  return answer.status;
}

async function greet(hub: Hub, claim: Claim): Promise<unknown> {
  const socket = new WebSocket(`${hub.url}/v1/connect`);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.send(JSON.stringify({ v: protocolVersion, ...claim }));
  const [greeting] = (await once(socket, "message")) as [Buffer];
  return JSON.parse(greeting.toString());
}

/** Registers the tests; `open` opens an empty coordinator for one test, and frees it when that ends. */
export function checkRights(name: string, open: () => Promise<Coordinator>): void {
  const startHub = async (): Promise<Hub> => {
    const hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator: await open(), tokenKey });
    onTestFinished(() => hub.close());
    return hub;
  };

  test.for(examples)(
    `${name}: in %s every pair of vm and cell is allowed if the plan says so, and else refused`,
    async (example) => {
      const hub = await startHub();
      const vms = await placeExample(example);
      const cells = new Set(vms.flatMap((vm) => [...writtenCells(vm), ...readCells(vm, vms)]));
      expect(cells.size).toBeGreaterThan(2);
      for (const vm of vms) {
        const claim = claimOf(vm.id, vm.plan.rights);
        const ask = async (method: string, cell: string): Promise<boolean> => {
          const status = await askByHttp(hub, claim, method, cell);
          // Free or settled, there or pending, but never a refusal of another kind.
          expect([200, 201, 202, 403, 409]).toContain(status);
          return status !== 403;
        };
        const [reads, writes] = [readCells(vm, vms), new Set(writtenCells(vm))];
        for (const cell of cells) {
          // A vm may read back what it writes; what stays on it does not come to the hub at all.
          const isOwn = parseCellId(cell)?.vm === vm.id;
          const mayRead = isOwn ? writes.has(cell) : reads.has(cell) || writes.has(cell);
          const allowed = { read: await ask("GET", cell), write: await ask("PUT", cell) };
          expect({ vm: vm.id, cell, ...allowed }).toEqual({ vm: vm.id, cell, read: mayRead, write: writes.has(cell) });
        }
      }
    },
  );

  test(`${name}: a token or tag of another stack, vm, generation or plan opens neither door`, async () => {
    const hub = await startHub();
    const rights: Rights = { read: ["db.mysql.port"], write: ["web.app.url"], choose: [] };
    const wider: Rights = { ...rights, read: [...rights.read, "db.mysql.password"] };
    const [web, db] = [claimOf("web", rights), claimOf("db", rights)];
    const refused: Record<string, Claim> = {
      "in another stack": { ...web, stack: "other" },
      "with another stack's token": { ...web, token: vmToken(tokenKey, "other", "web") },
      "with another stack's tag": { ...web, vm: { ...web.vm, tag: rightsTag(tokenKey, "other", "web", generation, rights) } },
      "with another vm's token": { ...web, token: db.token },
      "with another vm's tag": { ...web, vm: { ...web.vm, tag: db.vm.tag } },
      "as another vm": { ...web, vm: { ...web.vm, id: "db" } },
      "in another generation": { ...web, vm: { ...web.vm, generation: "g2" } },
      "with another generation's tag": { ...web, vm: { ...web.vm, tag: rightsTag(tokenKey, stack, "web", "g0", rights) } },
      "with wider rights": { ...web, vm: { ...web.vm, rights: wider } },
      "with the operator's token": { ...web, token: operatorToken(tokenKey, stack) },
      "with a token of another key": { ...web, token: vmToken("another key", stack, "web") },
      "without a token": { ...web, token: "-" },
    };
    for (const [how, claim] of Object.entries(refused)) {
      expect({ how, status: await askByHttp(hub, claim, "GET", "db.mysql.port") }).toEqual({ how, status: 401 });
      expect({ how, status: await askByHttp(hub, claim, "PUT", "web.app.url") }).toEqual({ how, status: 401 });
      expect({ how, greeting: await greet(hub, claim) }).toMatchObject({ how, greeting: { refused: { code: "unauthorized" } } });
    }
    // Nothing of all that came through, and the right ones do.
    expect(await askByHttp(hub, web, "GET", "web.app.url")).toBe(202);
    expect(await greet(hub, web)).toEqual({ welcome: true, epoch: generation });
  });
}
