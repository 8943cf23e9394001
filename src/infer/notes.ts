// What a role was seen to read and write -> the inputs and outputs that it would declare. Pure.
import { namePattern, parseText } from "../model/cell.ts";
import type { Json, JsonMap } from "../model/json.ts";
import type { ValueType } from "../model/role.ts";

/** One thing that was seen. `optional`: the role has a default for it. `source`: where the tool has what is written, if not by its name. */
export type Note =
  | { read: string; optional?: boolean; type?: ValueType | null }
  | { write: string; source?: string; value?: Json; text?: string };

export interface InferredInput {
  name: string;
  /** The role has a default of its own. */
  optional: boolean;
  type?: ValueType;
}

export interface InferredOutput {
  name: string;
  from?: string;
  type: ValueType;
}

export interface Inferred {
  inputs: InferredInput[];
  outputs: InferredOutput[];
}

/** Sums up notes in the order of first appearance. `isRoot`: of `a.b` only `a` can be an input. */
export function sumUp(notes: readonly Note[], isRoot: boolean): Inferred {
  const inputs = new Map<string, InferredInput>();
  const outputs = new Map<string, InferredOutput>();
  for (const note of notes) {
    if ("read" in note) {
      const name = isRoot && !note.read.startsWith("hostvars.") ? (note.read.split(".")[0] as string) : note.read;
      // What the role writes itself, it does not need.
      if (outputs.has(name)) continue;
      const known = inputs.get(name);
      const type = isRoot && name !== note.read ? "json" : (note.type ?? known?.type);
      inputs.set(name, {
        name,
        optional: note.optional === true && known?.optional !== false,
        ...(type === undefined ? {} : { type }),
      });
    } else {
      const from = note.source ?? note.write;
      const type = note.text === undefined ? typeOf(note.value ?? null) : typeOfText(note.text);
      const name = nameFor(note.write, from, outputs);
      outputs.set(from, { name, ...(name === from ? {} : { from }), type });
    }
  }
  // Where parts of a map were asked for, the map was but on the way; and hostvars.db without a name is no input.
  const all = [...inputs.values()];
  const isPassed = (name: string): boolean => all.some((other) => other.name.startsWith(`${name}.`));
  const named = all.filter(({ name }) => !/^hostvars\.[^.]*$/.test(name) && !isPassed(name));
  // Nor does it make what it was given.
  const needed = new Set(named.flatMap(({ name, optional }) => (optional ? [] : [name, `$${name}`])));
  return { inputs: named, outputs: [...outputs.values()].filter(({ name, from = name }) => !needed.has(from)) };
}

/** Returns what to paste into a role. */
export function showAsYaml({ inputs, outputs }: Inferred): string {
  const lines: string[] = [];
  if (inputs.length > 0) lines.push("inputs:");
  for (const { name, optional } of inputs) {
    const line = `${quoteKey(name)}: {get_attr: [VM, OUTPUT]}`;
    lines.push(optional ? `  # ${line}   # has a default` : `  ${line}`);
  }
  if (outputs.length > 0) lines.push("outputs:");
  for (const { name, from, type } of outputs) {
    lines.push(`  ${name}: {${from === undefined ? "" : `from: ${quoteText(from)}, `}type: ${type}}`);
  }
  return lines.length === 0 ? "# it reads and writes nothing that a template could name\n" : `${lines.join("\n")}\n`;
}

// An output's name must be one; where two sources end alike, the whole source makes it.
function nameFor(written: string, from: string, outputs: ReadonlyMap<string, InferredOutput>): string {
  const plain = written.replace(/[^A-Za-z0-9_-]+/g, "_");
  const isTaken = [...outputs].some(([source, { name }]) => name === plain && source !== from);
  const name = isTaken ? from.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+/, "") : plain;
  return namePattern.test(name) ? name : `_${name}`;
}

function typeOf(value: Json): ValueType {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return typeof value as ValueType;
  return "json";
}

function typeOfText(text: string): ValueType {
  const types: ValueType[] = ["number", "boolean"];
  const fitting = types.find((type) => canRead(text, type));
  return fitting ?? (/^[[{]/.test(text) && canRead(text, "json") ? "json" : "string");
}

function canRead(text: string, type: ValueType): boolean {
  try {
    return parseText(text, type) !== undefined;
  } catch {
    return false;
  }
}

function quoteKey(name: string): string {
  return /^[A-Za-z_][\w.:-]*(?<!:)$/.test(name) ? name : JSON.stringify(name);
}

function quoteText(text: string): string {
  return /^[A-Za-z_$][\w.$-]*$/.test(text) ? text : JSON.stringify(text);
}

/** Reads the notes of shims: one JSON object a line. */
export function parseNotes(text: string): Note[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonMap as unknown as Note);
}
