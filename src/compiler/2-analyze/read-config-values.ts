// Inputs and outputs of Heat's configs and deployments, as inputs and outputs of roles.
import type { Span } from "../../diagnostics/span.ts";
import { namePattern } from "../../model/cell.ts";
import type { InputSpec, OutputSpec } from "../../model/role.ts";
import type { Resource, Value } from "../../model/template.ts";
import { textOf } from "./find-references.ts";
import { entriesOf, itemsOf, NotARole, propertyOf } from "./read-properties.ts";

/**
 * The inputs in Heat's order: those that the config declares, with their defaults, then whatever else the deployment gives. One without
 * a type is Heat's String: its value reaches the tool as text, whatever it is.
 */
export function readInputs(config: Resource, deployment: Resource): InputSpec[] {
  const given = new Map(entriesOf(propertyOf(deployment, "input_values"), "its input_values").map((entry) => [entry.key, entry]));
  const declared = itemsOf(propertyOf(config, "inputs"), "the inputs of its config").map((item): InputSpec => {
    const fields = new Map(entriesOf(item, "the inputs of its config").map(({ key, value }) => [key, value]));
    const name = textOf(fields.get("name"));
    if (name === undefined) throw new NotARole("an input of its config has no name that is written out");
    const entry = given.get(name);
    given.delete(name);
    const value = entry?.value ?? fields.get("default") ?? nothing(item.span);
    const type = textOf(fields.get("type")) ?? "String";
    const description = textOf(fields.get("description"));
    return {
      name,
      nameSpan: entry?.keySpan ?? item.span,
      value,
      ...(type === "String" ? {} : { type: "json" }),
      ...(description === undefined ? {} : { description }),
      when: "eager",
    };
  });
  const others = [...given.values()].map(({ key, keySpan, value }): InputSpec => {
    return { name: key, nameSpan: keySpan, value, when: "eager" };
  });
  return [...declared, ...others];
}

/** The outputs that a config declares. Its hooks hand over texts, whatever the declared type; salt hands over what it has. */
export function readOutputs(config: Resource, tool: string): OutputSpec[] {
  return itemsOf(propertyOf(config, "outputs"), "the outputs of its config").map((item) => {
    const fields = new Map(entriesOf(item, "the outputs of its config").map(({ key, value }) => [key, value]));
    const name = textOf(fields.get("name"));
    if (name === undefined || !namePattern.test(name))
      throw new NotARole("an output of its config has no name that weft can use");
    const isError = fields.get("error_output");
    return outputNamed(name, item.span, tool === "salt" ? "json" : "string", {
      errorOutput: isError?.kind === "literal" && /^(true|t|on|yes|y|1)$/i.test(String(isError.value)),
    });
  });
}

/** What Heat's hooks tell of each run, whatever the config declares. */
const runResults: Readonly<Record<string, OutputSpec["type"]>> = {
  deploy_stdout: "string",
  deploy_stderr: "string",
  deploy_status_code: "number",
};

export function isRunResult(name: string): boolean {
  return Object.hasOwn(runResults, name);
}

/** One of these as an output of a role. */
export function runResult(name: string, span: Span): OutputSpec {
  return outputNamed(name, span, runResults[name] ?? "string", {});
}

function outputNamed(name: string, nameSpan: Span, type: OutputSpec["type"], more: Partial<OutputSpec>): OutputSpec {
  return { name, nameSpan, type, secret: false, optional: true, publish: "on_success", before: [], errorOutput: false, ...more };
}

/** What Heat adds to the inputs of each deployment, but for what signals to Heat need. */
export function deployInputs(of: { server: Resource; action: string; name: string; transport: string; span: Span }): InputSpec[] {
  const { span } = of;
  const { group } = of.server;
  const text = (value: string): Value => ({ kind: "literal", value, span });
  const call = (fn: string, arg: Value): Value => ({ kind: "call", fn, fnSpan: span, arg, span });
  const parameter = (name: string): Value => call("get_param", text(name));
  const list = (items: Value[]): Value => ({ kind: "list", items, span });
  const values = {
    deploy_server_id:
      group === undefined
        ? call("get_resource", text(of.server.name))
        : call("get_attr", list([text(of.server.name), text(`resource.${group.indexVar}`)])),
    deploy_action: text(of.action),
    deploy_stack_id: call("list_join", list([text("/"), list([parameter("OS::stack_name"), parameter("OS::stack_id")])])),
    deploy_resource_name: text(of.name),
    deploy_signal_transport: text(of.transport),
  };
  return Object.entries(values).map(([name, value]) => ({ name, nameSpan: span, value, when: "eager" }));
}

function nothing(span: Span): Value {
  return { kind: "literal", value: null, span };
}
