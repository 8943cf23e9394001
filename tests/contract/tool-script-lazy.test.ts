// The lazy environment of bash scripts: unchanged scripts block at the command that first names an input.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type AgentBench, openAgentBench, planInput, planOutput, planRole, planVm } from "./agent-bench.ts";

const options = { lazy: true };
const lazy = { when: "lazy" as const };

function start(bench: AgentBench, script: string, names: string[], more = {}): void {
  const inputs = names.map((name) => planInput(name, `db.mysql.${name}`, lazy));
  const run = script.replaceAll("TRACE", join(bench.folder, "trace"));
  bench.start(planVm("web", [planRole("app", run, { options, inputs, ...more })]));
}

// What a script does before it blocks, in which form the input is used, and what it has done in the end.
const forms: Record<string, { script: string; before?: string[]; after: string[] }> = {
  "a word": { script: `echo "p=$PORT" >> TRACE`, after: ["p=3306"] },
  "a word of a function": { script: `f() { local x=1; echo "$x $PORT" >> TRACE; }\nf`, after: ["1 3306"] },
  "a command substitution": { script: `x=$(echo "<$PORT>"); echo "$x" >> TRACE`, after: ["<3306>"] },
  "a pipeline": { script: `echo a | sed "s/a/$PORT/" >> TRACE; echo "$PORT" >> TRACE`, after: ["3306", "3306"] },
  "a subshell": { script: `(echo "$PORT" >> TRACE); echo "$PORT" >> TRACE`, after: ["3306", "3306"] },
  "a background job": { script: `{ echo "$PORT" >> TRACE; } & wait; echo "$PORT" >> TRACE`, after: ["3306", "3306"] },
  "[[ ]]": { script: `if [[ $PORT -gt 100 ]]; then echo big >> TRACE; fi`, after: ["big"] },
  arithmetic: { script: `(( n = PORT + 1 ))\necho $((PORT + n)) >> TRACE`, after: ["6613"] },
  case: { script: `case $PORT in 3306) echo yes >> TRACE;; *) echo no >> TRACE;; esac`, after: ["yes"] },
  "a here-document": { script: `cat >> TRACE <<EOF\nport=$PORT\nEOF`, after: ["port=3306"] },
  "a here-string": { script: `cat >> TRACE <<< "$PORT"`, after: ["3306"] },
  "a word before a letter of no name": { script: `echo "$PORTé" >> TRACE`, after: ["3306é"] },
  "a default": { script: `: "\${PORT:=80}"\necho "\${PORT:-70}" >> TRACE`, after: ["3306"] },
  "the environment of a child": { script: `export PORT\nsh -c 'echo $PORT' >> TRACE`, after: ["3306"] },
  "a script in bash below": { script: `bash -c 'echo "below $PORT"' >> TRACE`, after: ["below 3306"] },
  "a trap at the end": { script: `trap 'echo "end $PORT" >> TRACE' EXIT`, after: ["end 3306"] },
  "the words of a loop": { script: `for x in a $PORT; do echo $x >> TRACE; done`, before: [], after: ["before", "a", "3306"] },
  "what a loop reads": {
    script: `while read -r x; do echo "$x" >> TRACE; done <<EOF\n1 $PORT\nEOF`,
    before: [],
    after: ["before", "1 3306"],
  },
};

test.for(Object.entries(forms))(
  "it blocks before %s that names an input, and not earlier",
  async ([, { script, before, after }]) => {
    await using bench = await openAgentBench();
    start(bench, `set -eu\necho before >> TRACE\n${script}\n`, ["PORT"]);
    await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
    expect(bench.trace()).toEqual(before ?? ["before"]);
    await bench.settle("db.mysql.PORT", 3306);
    expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
    expect(bench.trace()).toEqual(before === undefined ? ["before", ...after] : after);
  },
);

test("values arrive as they are, absent ones leave the variable unset, and the vm's own variables are hidden", async () => {
  await using bench = await openAgentBench();
  const odd = `it's "$HOME" \`x\`\n\nzwei ö\n`;
  for (const [name, value] of Object.entries({ ODD: odd, EMPTY: "", LIST: [1, "a"], USER: "weft" })) {
    await bench.settle(`db.mysql.${name}`, value);
  }
  await bench.dataflow.publish("db.mysql.GONE", { state: "absent", by: "db.mysql", atMs: 0 });
  const script = `weft-put odd "$ODD"\nweft-put rest "\${EMPTY-unset} \${GONE-unset} $LIST $USER"`;
  const outputs = [planOutput("web.app.odd"), planOutput("web.app.rest")];
  start(bench, script, ["ODD", "EMPTY", "GONE", "LIST", "USER"], { outputs });
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(await bench.dataflow.settled("web.app.odd")).toMatchObject({ value: odd });
  expect(await bench.dataflow.settled("web.app.rest")).toMatchObject({ value: ' unset [1,"a"] weft' });
});

test("nothing else of a script changes: statuses, $_, patterns that matched, options, its trace", async () => {
  await using bench = await openAgentBench();
  const script = `
set -x
[[ abc =~ a(.) ]]
false | true
echo "\${PIPESTATUS[0]} \${BASH_REMATCH[1]}" >> TRACE
echo word > /dev/null; last=$_
(exit 7); echo "$? $last" >> TRACE
IFS=:; set -f
echo "$LATE" >> TRACE
[[ $- == *x* && $- == *f* && $IFS == : ]] && echo kept >> TRACE`;
  await bench.settle("db.mysql.LATE", "a *");
  start(bench, script, ["LATE"]);
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["1 b", "7 word", "a *", "kept"]);
});

test("an input that fails ends the script, also from within a subshell, with the origin's reason", async () => {
  await using bench = await openAgentBench();
  await bench.fail("db.mysql.PORT", "exit 1: disk full");
  start(bench, `x=$(true; (echo "$PORT"); true)\necho never >> TRACE`, ["PORT"]);
  expect(await bench.ended("web.app")).toMatchObject({
    state: "failed",
    error: "input PORT: db.mysql failed: exit 1: disk full",
    origin: "db.mysql",
  });
  expect(bench.trace()).toEqual([]);
});

test("a shell that cannot reach the agent's port starts a program to read", async () => {
  await using bench = await openAgentBench();
  await bench.settle("db.mysql.PORT", 3306);
  await bench.settle("db.mysql.HOST", "a");
  start(bench, `WEFT_PORT="1 key"; echo "$PORT" >> TRACE\nunset WEFT_PORT; echo "$HOST" >> TRACE`, ["PORT", "HOST"]);
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["3306", "a"]);
});

test("files that a script sources block likewise", async () => {
  await using bench = await openAgentBench();
  writeFileSync(join(bench.folder, "lib.sh"), `show() { echo "lib $PORT" >> ${join(bench.folder, "trace")}; }\nshow\n`);
  await bench.settle("db.mysql.PORT", 1);
  start(bench, `. ${join(bench.folder, "lib.sh")}`, ["PORT"]);
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["lib 1"]);
});

test.for(["#!/bin/sh", "#!/usr/bin/python3", "#!/bin/bash -p", "#!/usr/bin/env bash --posix"])(
  "a script for another interpreter is refused: %s",
  async (line) => {
    await using bench = await openAgentBench();
    start(bench, `${line}\necho`, ["PORT"]);
    const { error } = await bench.ended("web.app");
    expect(error).toBe(`option "lazy" is for bash alone, and the script begins with "${line}": read lazy inputs with weft-get`);
  },
);
