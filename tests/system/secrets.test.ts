// A secret that a role makes is nowhere in clear but in the processes that may know it: every file of a run, the hub's answers and events, and every
// command line are searched for it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { followToEnd, readStatus } from "../../src/monitor/follow.ts";
import { freePort } from "../../bench/engines.ts";
import { StackBed } from "./stack-bed.ts";

const template = `heat_template_version: 2018-08-31
resources:
  db:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - name: late
            run: head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \\n' | tee "$KNOWN.late" | weft-put late -
            outputs: {late: {type: string, secret: true}}
          - name: early
            run: |
              head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \\n' | tee "$KNOWN.early" | weft-put early -
              weft-get early >/dev/null
            outputs: {early: {type: string, secret: true, publish: on_write}}
          - name: local
            run: test "$LATE$EARLY" = "$(cat "$KNOWN.late" "$KNOWN.early")"
            inputs: {LATE: {get_attr: [db, late]}, EARLY: {get_attr: [db, early]}}
  web:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - name: use
            run: test "$BOTH" = "$(cat "$KNOWN.late")/$(cat "$KNOWN.early")"
            inputs: {BOTH: {list_join: ["/", [{get_attr: [db, late]}, {get_attr: [db, early]}]]}}
`;

test("no store, file, answer, event or command line holds a secret in clear", async () => {
  await using bed = new StackBed("secrets", await freePort());
  const known = join(bed.outside, "known");
  const file = join(bed.outside, "stack.yaml");
  writeFileSync(file, template);
  await bed.prepare(file);
  for (const member of ["hub", ...bed.vms]) bed.start(member, { KNOWN: known });
  const events: string[] = [];
  const commands: string[] = [];
  const { picture, reason } = await followToEnd(
    bed.access,
    bed.roles,
    { timeoutMs: 30_000, signal: new AbortController().signal },
    (status) => {
      events.push(JSON.stringify(status));
      commands.push(...commandLines());
    },
  );
  expect({ reason, failed: [...picture.roles.values()].filter(({ state }) => state !== "done") }).toEqual({
    reason: undefined,
    failed: [],
  });

  const secrets = ["late", "early"].map((name) => readFileSync(`${known}.${name}`, "utf8"));
  expect(secrets.map(({ length }) => length)).toEqual([40, 40]);
  const status = JSON.stringify(await readStatus(bed.access));
  const cells = await Promise.all(["late", "early"].map((name) => readCell(bed, `db.${name}.${name}`)));
  const files = readdirSync(bed.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.map((entry) => ({
    name: join(entry.parentPath, entry.name),
    text: readFileSync(join(entry.parentPath, entry.name), "latin1"),
  }));
  expect(texts.some(({ name }) => name.endsWith("weft.sqlite-wal"))).toBe(true);
  expect(cells.every((cell) => cell.includes('"sealed":true'))).toBe(true);
  for (const secret of secrets) {
    expect(texts.filter(({ text }) => text.includes(secret)).map(({ name }) => name)).toEqual([]);
    expect([status, ...cells, ...events, ...commands].filter((text) => text.includes(secret))).toEqual([]);
  }
});

function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, "utf8");
      } catch {
        // It has ended meanwhile.
        return "";
      }
    });
}

async function readCell(bed: StackBed, cell: string): Promise<string> {
  const { hub, stack, token } = bed.access;
  const answer = await fetch(`${hub}/v1/stacks/${stack}/cells/${cell}`, { headers: { authorization: `Bearer ${token}` } });
  return answer.text();
}
