// The same execution plans by our executor and by the packaged agent of Murano: the same results.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { Json, JsonMap } from "../../../src/model/json.ts";
import { openAgentBench, planOutput, planRole, planVm } from "../agent-bench.ts";
import { makePlan } from "../tools/murano.ts";
import { muranoAgentMissing, runPackaged } from "../tools/murano-packaged.ts";
import { withEngine } from "./engine-present.ts";

const show = '#!/bin/sh\nprintf "<%s>" "$@"';
const parameters = { name: "织 $HOME", db: { host: "h", ports: [1, 2.5, true, null] } };
const other = {
  Name: "lib/other.sh",
  BodyType: "Base64",
  Body: Buffer.from("other() { echo from other; }\n").toString("base64"),
};

function shellPlan(Body: string, script: string, Options: JsonMap = {}, more: JsonMap = {}): Json {
  return {
    FormatVersion: "2.2.0",
    ID: "0123",
    Parameters: parameters,
    Body,
    Scripts: { go: { Type: "Application", EntryPoint: "main", Files: ["other"], Options } },
    Files: { main: { Name: "go.sh", BodyType: "Text", Body: `#!/bin/sh\n${script}\n` }, other },
    ...more,
  };
}

/** Plans whose whole result must be the same. */
const plans: Json[] = [
  makePlan({ Body: "return" }),
  makePlan({ Body: "1 + 1" }),
  makePlan({ Body: "return {'a': [1, 2.5, None, True, '织'], 'b': args}" }),
  makePlan({ Body: "\n    if True:\n\t  return '''two\n\n      lines'''\n    return 2" }),
  makePlan({ Body: "return [args['name'], args.db['host'], args.get('none', 5), args.db]", Parameters: parameters }),
  makePlan({ Body: "args.more = 1\ndel args.db\nreturn [sorted(args), len(args), 'db' in args]", Parameters: parameters }),
  makePlan({ Body: "return args.nope" }),
  makePlan({ Body: "return 1 / 0" }),
  makePlan({ Body: "raise ValueError('of the body')" }),
  makePlan({ Body: "return go()" }),
  makePlan({ Body: 'return go("a \'b c\' \\"$1\\" $(echo d) | cat; echo e").stdout', scripts: { go: show } }),
  makePlan({ Body: "return go('{0} {1}'.format(args.name, 'x'))", Parameters: parameters, scripts: { go: show } }),
  makePlan({ Body: "go.first('1')\nreturn go.second('2', input='never read').stdout", scripts: { go: `cat; ${show}` } }),
  shellPlan("return go()", "echo out; echo err >&2"),
  shellPlan("return go()", "echo '  padded  '; echo"),
  shellPlan("return go()", "true"),
  shellPlan("return go()", "printf 'a\\r\\nb\\r\\n'"),
  shellPlan("return go()", "echo out; echo err >&2; exit 3"),
  shellPlan("try:\n    go()\nexcept Exception as e:\n    return [str(e), e.error_code, e.additional_data]", "exit 4"),
  shellPlan("return go()", "echo out; exit 3", { verifyExitcode: false }),
  shellPlan("return go()", "kill -9 $$", { verifyExitcode: false }),
  shellPlan("return go()", "echo out; echo err >&2", { captureStdout: false, captureStderr: false }),
  shellPlan("return go().stdout", ". lib/other.sh; other; ls -R"),
  shellPlan("go()\nimport os\nreturn [os.path.basename(os.getcwd()), open('lib/other.sh').read()]", "echo $0 $(basename $PWD)"),
  shellPlan("go()\nreturn go().stdout", "echo x >> count; cat count"),
  makePlan({ Body: "a()\nreturn b().stdout", scripts: { a: "touch here", b: "ls" } }),
];

/** Plans that both refuse, each in its own words. */
const wrong: Json[] = [
  makePlan({ Body: "return", FormatVersion: "2.2.1" }),
  makePlan({ Body: "return", FormatVersion: "3.0.0" }),
  makePlan({ Body: "return", Scripts: [] as Json }),
  makePlan({ Body: "return", Files: { a: {} } }),
  makePlan({ Body: "return", Files: { a: { Name: "a", Body: "a", BodyType: "Hex" } } }),
  makePlan({ Body: "return", Files: { a: { Name: "a", URL: "http://a/b", Type: "Downloadable" } } }),
  makePlan({ Body: "return", FormatVersion: "2.1.0", Files: { a: { Name: "a", Type: "Downloadable" } } }),
  makePlan({ Body: "return", Scripts: { a: { EntryPoint: "b" } } }),
  makePlan({ Body: "return", Scripts: { a: { Type: "Application", EntryPoint: "b" } } }),
  makePlan({ Body: "return", Scripts: { a: { Type: "Chef", EntryPoint: "b::c" } } }),
  shellPlan("return", "true", { useBerkshelf: true }),
  shellPlan("return", "true", {}, { FormatVersion: "2.1.0", Scripts: { a: { Type: "Chef", EntryPoint: "b", Options: {} } } }),
  shellPlan("return", "true", {}, { FormatVersion: "2.1.0", Scripts: { a: { Type: "Perl", EntryPoint: "main", Options: {} } } }),
  shellPlan(
    "return",
    "true",
    {},
    {
      FormatVersion: "2.1.0",
      Scripts: { a: { Type: "Chef", EntryPoint: "b::c", Options: { useBerkshelf: true } } },
    },
  ),
];

withEngine("the agent of Murano", muranoAgentMissing, () => {
  test("the packaged runner and ours make the same results of the same plans", async () => {
    await using bench = await openAgentBench();
    const server = createServer((_request, response) => response.end("the data\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/data.txt`;
    const data = { Name: "data", Type: "Downloadable", URL };
    const main = { Name: "go.sh", BodyType: "Text", Body: "#!/bin/sh\ncat data/data.txt; ls data\n" };
    const all = [...plans, shellPlan("return go().stdout", "", {}, { Files: { main, other: data } }), ...wrong];

    const outputs = all.map((_plan, index) =>
      planOutput(`web.r${index}.result`, { from: "Execution:Result", type: "json", publish: "on_write" }),
    );
    const roles = all.map((plan, index) =>
      planRole(`r${index}`, plan, { tool: "murano", onError: "continue", outputs: [outputs[index] as (typeof outputs)[0]] }),
    );
    bench.start(planVm("web", roles));
    const packaged = runPackaged(all);
    const records = await Promise.all(outputs.map(({ cell }) => bench.dataflow.settled(cell)));
    const theirs = await packaged;
    server.close();
    const ours = records.map((record) => (record.state === "value" ? (record.value as JsonMap) : { record: record.state }));
    expect(ours.map(comparable)).toEqual(theirs.map(comparable));
    expect(theirs.map(({ ErrorCode }) => ErrorCode)).toEqual(expect.arrayContaining([0, 1, 2, 9, 100]));
  });
});

// Ids and times differ; so do the words in which a plan is refused.
function comparable(result: JsonMap, index: number): JsonMap {
  const { ID: _id, Time: _time, Body, ...rest } = result;
  return index > plans.length ? rest : { ...rest, Body: Body as Json };
}
