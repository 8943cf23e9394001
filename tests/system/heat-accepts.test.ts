// Every template that weft emits for the examples and golden cases is shown to the real Heat engine, and resolved by it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Emitted } from "../../src/compiler/compile.ts";
import type { Template } from "../../src/model/template.ts";
import { compileFolder, folders, writeEmitted } from "../support/compile-folder.ts";
import { askHeat, createWithHeat, isHeatRequired, isHeatThere } from "./heat-engine.ts";

const target = mkdtempSync(join(tmpdir(), "weft-test-"));
afterAll(() => rmSync(target, { recursive: true }));

interface Case {
  folder: string;
  emitted: Emitted;
  template: Template;
  file: string;
  environment?: string;
  /** weft has said that Heat may well refuse it. */
  isDoubtful: boolean;
  /** Of these it has said that Heat cannot hand them their plans. */
  undelivered: Set<string>;
  /** So many outputs it has said to have no value. */
  withoutValue: number;
}

const cases = folders.flatMap((folder): Case[] => {
  const { report, emitted, template } = compileFolder(folder).compiled;
  if (emitted === undefined || template === undefined) return [];
  const file = writeEmitted(emitted, join(target, folder), folder);
  const environment = join(file, "../env.yaml");
  const isDoubtful = report.diagnostics.some(({ code }) => /^(unknown-(type|property)|too-large-for-heat)$/.test(code));
  const warned = report.diagnostics.filter(({ code }) => code === "not-delivered").map(({ message }) => message);
  const undelivered = new Set(
    emitted.plan.vms.map(({ vm }) => vm).filter((vm) => warned.some((text) => text.includes(`${vm} its plan`))),
  );
  const withoutValue = report.diagnostics.filter(({ code }) => code === "output-without-value").length;
  return [
    {
      folder,
      emitted,
      template,
      file,
      isDoubtful,
      undelivered,
      withoutValue,
      ...(existsSync(environment) ? { environment } : {}),
    },
  ];
});

test("the Heat engine is there to be asked", ({ skip }) => {
  if (!isHeatRequired) skip(!isHeatThere, "python3-heat and python3-heatclient are not installed: no template was shown to Heat");
  expect(isHeatThere).toBe(true);
});

test.runIf(isHeatThere)("Heat accepts every emitted template", () => {
  expect(cases.length).toBeGreaterThan(20);
  const verdicts = askHeat(cases.map(({ file, environment }) => (environment === undefined ? file : `${file}=${environment}`)));
  const accepted = new Set(verdicts.filter(({ error }) => error === null).map(({ file }) => file));
  expect(cases.filter(({ isDoubtful, file }) => isDoubtful && accepted.has(file)).map(({ folder }) => folder)).toEqual([]);
  const refused = verdicts.filter(({ error, file }) => error !== null && !cases.find((one) => one.file === file)?.isDoubtful);
  expect(refused).toEqual([]);
});

test.runIf(isHeatThere)("Heat resolves every emitted template to the end, and no vm waits for another", () => {
  // What is not of HOT, weft does not read: it knows no parameters to give.
  const sure = cases.filter(({ isDoubtful, folder }) => !isDoubtful && folder !== "tests/golden/cfn-template");
  const created = createWithHeat(
    sure.map(({ file, environment, template, emitted }) => ({
      file,
      ...(environment === undefined ? {} : { environment }),
      parameters: parametersFor(template, Object.keys(emitted.files).length > 0),
    })),
  );
  expect(created.filter(({ error }) => error !== null).map(({ file, error }) => `${file}: ${error}`)).toEqual([]);
  for (const [index, { servers, edges, file, outputs }] of created.entries()) {
    const { folder, emitted, undelivered, withoutValue } = sure[index] as Case;
    expect(Object.values(outputs).filter((value) => typeof value === "string" && value.startsWith("error: "))).toHaveLength(
      withoutValue,
    );
    // The examples' vms depend on each other all over, and yet Heat may create all of them at once.
    const waiting = edges.filter(([waiter]) => !waiter.startsWith("weft_"));
    if (folder.startsWith("examples/")) expect(waiting, file).toEqual([]);
    for (const { vm } of emitted.plan.vms.filter(({ roles, vm }) => roles.length > 0 && !undelivered.has(vm))) {
      const pattern = new RegExp(`^${vm.replace(/[.*+?^${}()|\\]/g, "\\$&").replaceAll("[\\*]", "/\\w+")}(/member)?$`);
      const own = Object.entries(servers).filter(([name]) => pattern.test(name));
      for (const [, server] of own) {
        expect(server.deployments.filter(({ name }) => name === "weft")).toHaveLength(1);
        expect(server.metadata).not.toHaveProperty("weft");
      }
    }
  }
});

test.runIf(isHeatThere)("Heat refuses a template that names an attribute which does not exist", () => {
  const file = join(target, "wrong.yaml");
  writeFileSync(
    file,
    "heat_template_version: 2018-08-31\nresources: {text: {type: OS::Heat::Value, properties: {value: {get_attr: [db, port]}}}, db: {type: OS::Nova::Server, properties: {image: i, flavor: f}}}\n",
  );
  expect(askHeat([file])[0]?.error).toContain("The Referenced Attribute (db port) is incorrect");
});

function parametersFor({ parameters }: Template, hasVms: boolean): Record<string, string> {
  const examples = { string: "text", number: "1", boolean: "true", json: "{}", comma_delimited_list: "a,b" };
  const missing = [...parameters.values()].filter((one) => one.value === undefined);
  return {
    ...(hasVms ? { weft_hub_urls: "https://10.0.0.2:8470", weft_token_key: "0123456789abcdef" } : {}),
    ...Object.fromEntries(missing.map(({ name, type }) => [name, examples[type]])),
  };
}
