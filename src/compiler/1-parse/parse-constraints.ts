// Constraints of parameters, as in heat/engine/constraints.py. Custom constraints need a cloud and are left to Heat.
import type { Json } from "../../model/json.ts";
import type { ParameterType } from "../../model/template.ts";
import type { Value } from "../../model/template.ts";
import type { ParseContext } from "./parse-value.ts";
import { type Fields, isNull, openMap, toJson } from "./read-fields.ts";
import { readParameterValue } from "../../functions/read-parameter-value.ts";

export interface Constraint {
  /** The author's own words for it. */
  description?: string;
  /** Returns the rest of a sentence that says what is wrong with a value, or undefined when it may pass. */
  check(value: Json): string | undefined;
}

type Check = Constraint["check"];

const kinds: Record<
  string,
  { types: readonly ParameterType[]; make(value: Value, type: ParameterType, context: ParseContext): Check | string }
> = {
  length: { types: ["string", "json", "comma_delimited_list"], make: makeLength },
  range: { types: ["number"], make: makeRange },
  modulo: { types: ["number"], make: makeModulo },
  allowed_values: { types: ["string", "number", "boolean", "comma_delimited_list"], make: makeAllowedValues },
  allowed_pattern: { types: ["string"], make: makeAllowedPattern },
  custom_constraint: { types: ["string", "number", "boolean", "json", "comma_delimited_list"], make: () => () => undefined },
};

/** Reads the `constraints` of a parameter; wrong ones are reported and left out. */
export function parseConstraints(parameter: Fields, type: ParameterType, context: ParseContext): Constraint[] {
  return parameter.list("constraints").flatMap((item): Constraint[] => {
    const fields = openMap(item, `a constraint of ${parameter.what}`, context.report, ["description", ...Object.keys(kinds)]);
    const entry = fields?.entries().find(({ key }) => Object.hasOwn(kinds, key));
    if (fields === undefined) return [];
    const kind = entry === undefined ? undefined : kinds[entry.key];
    if (entry === undefined || kind === undefined) {
      context.report.add("bad-constraint", fields.span, { problem: `it has none of ${Object.keys(kinds).join(", ")}` });
      return [];
    }
    const check = kind.types.includes(type) ? kind.make(entry.value, type, context) : `${entry.key} cannot constrain a ${type}`;
    if (typeof check === "string") {
      context.report.add("bad-constraint", entry.keySpan, { problem: check });
      return [];
    }
    const description = fields.text("description");
    return [description === undefined ? { check } : { check, description }];
  });
}

/** Returns what the first constraint that `value` breaks says of it. */
export function findBrokenConstraint(
  value: Json,
  constraints: Constraint[],
): { problem: string; description?: string | undefined } | undefined {
  for (const constraint of constraints) {
    const problem = constraint.check(value);
    if (problem !== undefined) return { problem, description: constraint.description };
  }
  return undefined;
}

function makeLength(value: Value, _type: ParameterType, context: ParseContext): Check | string {
  const limits = readNumbers(value, "length", ["min", "max"], context);
  if (typeof limits === "string") return limits;
  return (checked) => {
    const length = typeof checked === "string" ? Array.from(checked).length : Object.keys(checked ?? {}).length;
    return isWithin(length, limits) ? undefined : `has the length ${length}; it must be ${showLimits(limits)}`;
  };
}

function makeRange(value: Value, _type: ParameterType, context: ParseContext): Check | string {
  const limits = readNumbers(value, "range", ["min", "max"], context);
  if (typeof limits === "string") return limits;
  return (checked) => (isWithin(Number(checked), limits) ? undefined : `is out of range; it must be ${showLimits(limits)}`);
}

function makeModulo(value: Value, _type: ParameterType, context: ParseContext): Check | string {
  const numbers = readNumbers(value, "modulo", ["step", "offset"], context);
  if (typeof numbers === "string") return numbers;
  const { step, offset } = numbers;
  if (step === undefined || offset === undefined) return "modulo needs step and offset";
  if (!Number.isInteger(step) || !Number.isInteger(offset)) return "step and offset must be whole numbers";
  if (step === 0) return "step cannot be 0";
  if (Math.abs(offset) >= Math.abs(step) || step * offset < 0) return "offset must be smaller than step and of the same sign";
  // Python's remainder has the sign of the divisor.
  const remainder = (number: number): number => ((number % step) + step) % step;
  return (checked) =>
    remainder(Number(checked)) === offset ? undefined : `is not a multiple of ${step} with an offset of ${offset}`;
}

function makeAllowedValues(value: Value, type: ParameterType): Check | string {
  if (value.kind !== "list") return "allowed_values must be a list";
  const itemType = type === "comma_delimited_list" ? "string" : type;
  const allowed = value.items.map((item) => {
    const read = readParameterValue(toJson(item), itemType);
    return "problem" in read ? undefined : read.value;
  });
  const shown = value.items.map((item) => JSON.stringify(toJson(item))).join(", ");
  return (checked) => {
    const isAllowed = Array.isArray(checked) ? checked.every((item) => allowed.includes(item)) : allowed.includes(checked);
    return isAllowed ? undefined : `is not one of the allowed values ${shown}`;
  };
}

function makeAllowedPattern(value: Value): Check | string {
  const pattern = value.kind === "literal" ? value.value : undefined;
  if (typeof pattern !== "string") return "allowed_pattern must be a text";
  const expression = compilePattern(pattern);
  return (checked) => {
    if (expression === undefined || typeof checked !== "string" || mayTakeLong(pattern, checked)) return undefined;
    expression.lastIndex = 0;
    const match = expression.exec(checked);
    return match?.[0].length === checked.length ? undefined : `does not match the pattern ${pattern}`;
  };
}

/** Heat wants the match that starts at the beginning to reach the end. A pattern in Python's own syntax is left to Heat: undefined. */
function compilePattern(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "y");
  } catch {
    return undefined;
  }
}

/**
 * Tells whether matching could take exponential time (something unbounded repeats a group that repeats or chooses) or, for a long
 * text, many steps for every character. Such a pattern is left to Heat.
 */
function mayTakeLong(pattern: string, checked: string): boolean {
  const unbounded = /^(?:[*+]|\{\d+,\})/;
  // Of each open group: whether something in it repeats without bounds, or chooses.
  const groups = [false];
  let repeats = 0;
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index];
    const isUnbounded = unbounded.test(pattern.slice(index, index + 12));
    if (character === "\\") index++;
    else if (character === "[") index = endOfClass(pattern, index);
    else if (character === "(") groups.push(false);
    else if (character === "|" || isUnbounded) groups[groups.length - 1] = true;
    else if (character === ")") {
      const isWild = groups.pop() ?? false;
      if (isWild && unbounded.test(pattern.slice(index + 1, index + 13))) return true;
      if (isWild && groups.length > 0) groups[groups.length - 1] = true;
    }
    if (isUnbounded) repeats++;
  }
  return repeats > 2 && checked.length > 200;
}

function endOfClass(pattern: string, start: number): number {
  let index = start + 1;
  if (pattern[index] === "^") index++;
  if (pattern[index] === "]") index++;
  while (index < pattern.length && pattern[index] !== "]") index += pattern[index] === "\\" ? 2 : 1;
  return index;
}

function readNumbers<Key extends string>(
  value: Value,
  what: string,
  keys: readonly Key[],
  context: ParseContext,
): Partial<Record<Key, number>> | string {
  const fields = openMap(value, `the constraint ${what}`, context.report, keys);
  const numbers: Partial<Record<Key, number>> = {};
  for (const key of keys) {
    const written = fields?.get(key)?.value;
    if (written === undefined || isNull(written)) continue;
    const read = readParameterValue(toJson(written), "number");
    if ("problem" in read) return `${key} must be a number`;
    numbers[key] = Number(read.value);
  }
  return Object.keys(numbers).length === 0 ? `${what} needs ${keys.join(" or ")}` : numbers;
}

function isWithin(number: number, { min, max }: { min?: number; max?: number }): boolean {
  return number >= (min ?? -Infinity) && number <= (max ?? Infinity);
}

function showLimits({ min, max }: { min?: number; max?: number }): string {
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`;
}
