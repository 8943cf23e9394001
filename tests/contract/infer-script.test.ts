// What scripts read and write is inferred by running them.
import { expect, test } from "vitest";
import { inferRole, type InferResult } from "../../src/infer/infer-role.ts";
import type { Json } from "../../src/model/json.ts";

function infer(run: string, given: Record<string, Json> = {}): Promise<InferResult> {
  return inferRole({ tool: "script", run, options: {}, given, apply: false }, new AbortController().signal);
}

const needed = (...names: string[]): object[] => names.map((name) => ({ name, optional: false }));

test.for([
  { script: `echo "$HOST:\${PORT}"`, reads: needed("HOST", "PORT") },
  { script: `x=$(y=1; echo "$y $IN"); echo "$x"`, reads: needed("IN") },
  { script: `f() { local own=$1; echo "$own $LATE"; }\nf 1`, reads: needed("LATE") },
  { script: `for x in $WORDS; do echo "$x"; done`, reads: needed("WORDS") },
  { script: `echo a | awk '{ print $NF }'; echo "it's $ONE"`, reads: needed("ONE") },
  { script: `echo $((N + 1)); ((i = 0)); echo \${#TEXT} $i`, reads: needed("N", "TEXT") },
  { script: `echo "\${A:-1} \${B-} \${C:=2}"; echo "$C"`, reads: ["A", "B", "C"].map((name) => ({ name, optional: true })) },
  { script: `echo "\${A:-1} $A"`, reads: [{ name: "A", optional: false }] },
  { script: `bash -c 'echo $BELOW'; read -r own <<< x; echo "$own $HOME"`, reads: needed("BELOW") },
  { script: `#!/bin/sh -e\necho $PLAIN`, reads: needed("PLAIN") },
  { script: `#!/usr/bin/env python3\nimport os\nos.system("weft-get HOST; weft-put url x")`, reads: needed("HOST") },
])("variables that a script reads and nothing sets are its inputs: $script", async ({ script, reads }) => {
  const { failure, inputs } = await infer(script);
  expect({ failure, inputs }).toEqual({ failure: undefined, inputs: reads });
});

test("what a script puts, and leaves in Heat's files, is its outputs; one's own output is no input", async () => {
  const script = `weft-put port 80; weft-put url - <<< "http://x"\nweft-get port\necho '[1]' > "$heat_outputs_path.list"`;
  expect(await infer(script)).toEqual({
    inputs: [],
    outputs: [
      { name: "port", type: "number" },
      { name: "url", type: "string" },
      { name: "list", type: "json" },
    ],
  });
});

test("values that are given reach the script, and a script that fails tells what was seen until then", async () => {
  const script = `[[ $KIND == cluster ]] || exit 4\nweft-get KEY > /dev/null\nweft-put key "$(weft-get KEY)"\nexit 3`;
  expect(await infer(script, { KIND: "cluster", KEY: "geheim" })).toMatchObject({
    failure: "exit 3",
    inputs: [{ name: "KEY" }, { name: "KIND" }],
    outputs: [{ name: "key" }],
  });
  expect(await infer(script)).toMatchObject({ failure: "exit 4", inputs: [{ name: "KIND" }], outputs: [] });
});
