// The template's parameters, with the values that -P, environments and defaults give them, checked as Heat would.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import type { Json } from "../../model/json.ts";
import type { ParameterType } from "../../model/template.ts";
import type { Entry, Parameter } from "../../model/template.ts";
import { type Constraint, findBrokenConstraint, parseConstraints } from "./parse-constraints.ts";
import { mergeValues } from "./merge-values.ts";
import type { Environment, MergeStrategy } from "./parse-environment.ts";
import { valueTypes } from "./parse-inputs.ts";
import type { ParseContext } from "./parse-value.ts";
import { pythonValue } from "../../functions/python-text.ts";
import { readParameterValue } from "../../functions/read-parameter-value.ts";
import { type Fields, isNull, openMap, toJson } from "./read-fields.ts";

const parameterKeys = ["type", "description", "default", "schema", "constraints", "hidden", "label", "immutable"];

interface Declaration {
  parameter: Parameter;
  constraints: Constraint[];
}

/** A value that somebody gives, as yet of no type. */
interface Given {
  source: string;
  raw: Json;
  span: Span;
}

/** What gives values to the parameters of a stack, or of a nested template: to that only `parameter_defaults` do, before its own defaults are looked at. */
export interface Givers {
  environments: Environment[];
  given: { name: string; value: string }[];
  isNested: boolean;
}

/** Reads the section `parameters`; `place` is where values for a template without parameters are reported. */
export function parseParameters(
  section: Fields | undefined,
  givers: Givers,
  place: Span,
  context: ParseContext,
): Map<string, Parameter> {
  const { given, isNested } = givers;
  const environments = isNested ? givers.environments.map((one) => ({ ...one, parameters: [] })) : givers.environments;
  const defaults = isNested ? environments.flatMap(({ parameterDefaults }) => parameterDefaults) : [];
  const replaced = defaults.filter(({ value }) => !isNull(value)).map(({ key }) => key);
  const declarations = new Map<string, Declaration>();
  for (const entry of section?.entries() ?? []) {
    const declaration = parseDeclaration(entry, replaced.includes(entry.key), context);
    if (declaration !== undefined) declarations.set(entry.key, declaration);
  }
  const names = section?.entries().map(({ key }) => key) ?? [];
  const reportUnknown = (name: string, span: Span): void => {
    if (!names.includes(name)) context.report.add("unknown-parameter", span, { name }, { hint: suggestNearest(name, names) });
  };
  for (const { name } of given) reportUnknown(name, section?.span ?? place);
  for (const entry of environments.flatMap((environment) => environment.parameters)) reportUnknown(entry.key, entry.keySpan);

  for (const declaration of declarations.values()) {
    const value = findGiven(declaration.parameter, environments, given, context);
    const checked = value === undefined ? declaration.parameter.default : checkValue(declaration, value, context);
    if (checked !== undefined) declaration.parameter.value = checked;
  }
  return new Map([...declarations].map(([name, { parameter }]) => [name, parameter]));
}

function parseDeclaration(entry: Entry, isReplaced: boolean, context: ParseContext): Declaration | undefined {
  const known = context.version >= "2018-03-02" ? [...parameterKeys, "tags"] : parameterKeys;
  const fields = openMap(entry.value, `parameter "${entry.key}"`, context.report, known, entry.keySpan);
  if (fields === undefined) return undefined;
  fields.require("type");
  const type: ParameterType = fields.word("type", valueTypes) ?? "string";
  const parameter: Parameter = { name: entry.key, span: entry.keySpan, type, hidden: fields.flag("hidden") };
  fields.list("tags");
  const declaration = { parameter, constraints: parseConstraints(fields, type, context) };
  const written = fields.get("default");
  if (written !== undefined && !isReplaced) {
    const value = checkValue(
      declaration,
      { source: "the default", raw: toJson(written.value), span: written.value.span },
      context,
    );
    if (value !== undefined) parameter.default = value;
  }
  return declaration;
}

/** -P wins over environments, `parameters` over `parameter_defaults`, later files over earlier ones unless they say to merge. */
function findGiven(
  parameter: Parameter,
  environments: Environment[],
  given: { name: string; value: string }[],
  context: ParseContext,
): Given | undefined {
  const text = given.findLast(({ name }) => name === parameter.name);
  if (text !== undefined) return { source: "the value given with -P", raw: text.value, span: parameter.span };
  const chosen = chooseStrategies(parameter.name, environments, context);
  return (
    mergeGiven(parameter, environments, ({ parameters }) => parameters, chosen, context) ??
    mergeGiven(parameter, environments, ({ parameterDefaults }) => parameterDefaults, chosen, context)
  );
}

/** The first file that gives a value says how it is merged; a later one must not say otherwise. */
function chooseStrategies(name: string, environments: Environment[], context: ParseContext): MergeStrategy {
  let chosen: MergeStrategy | undefined;
  for (const { parameters, parameterDefaults, strategies, file } of environments) {
    const entry = [...parameters, ...parameterDefaults].find(({ key, value }) => key === name && !isNull(value));
    if (entry === undefined) continue;
    const strategy: MergeStrategy = strategies.get(name) ?? chosen ?? strategies.get("default") ?? "overwrite";
    chosen ??= strategy;
    if (strategy !== chosen)
      context.report.add("bad-merge", entry.keySpan, {
        name,
        problem: `is merged as ${chosen} elsewhere, in ${file} as ${strategy}`,
      });
  }
  return chosen ?? "overwrite";
}

function mergeGiven(
  { name, type }: Parameter,
  environments: Environment[],
  section: (environment: Environment) => Entry[],
  strategy: MergeStrategy,
  context: ParseContext,
): Given | undefined {
  const entries = environments.flatMap((environment) =>
    section(environment).filter(({ key, value }) => key === name && !isNull(value)),
  );
  return entries.reduce<Given | undefined>((earlier, entry) => {
    const later: Given = { source: "the value", raw: toJson(entry.value), span: entry.value.span };
    if (earlier === undefined) return later;
    const merged = mergeValues(earlier.raw, later.raw, type, strategy);
    if ("value" in merged) return { ...later, raw: merged.value };
    context.report.add("bad-merge", entry.keySpan, { name, problem: merged.problem });
    return earlier;
  }, undefined);
}

/** Returns the value by the parameter's type; undefined, and reported, when it does not fit. A hidden value is not repeated. */
function checkValue(
  { parameter, constraints }: Declaration,
  { source, raw, span }: Given,
  context: ParseContext,
): Json | undefined {
  const { name, type } = parameter;
  // Of a map or a list Heat makes a text as Python writes it, here and nowhere else.
  const isStructure = type === "string" && raw !== null && typeof raw === "object";
  const read = isStructure ? { value: pythonValue(raw) } : readParameterValue(raw, type);
  const broken = "problem" in read ? undefined : findBrokenConstraint(read.value, constraints);
  const problem = "problem" in read ? read.problem : broken?.problem;
  if (problem !== undefined)
    context.report.add("bad-parameter-value", span, { name, source, problem }, { hint: broken?.description });
  return "problem" in read || broken !== undefined ? undefined : read.value;
}
