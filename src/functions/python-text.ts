// Values as Heat, a Python program, writes them into texts.
import type { Json } from "../model/json.ts";

/** Returns what `str(value)` gives for a scalar: `True`, `1.5`, `1e-05`. */
export function pythonText(value: string | number | boolean): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Number.isInteger(value)) return BigInt(value).toString();
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}

/** Returns what `str(value)` gives for any value: `None`, `['a', 1]`, `{'k': True}`; a text as it is. */
export function pythonValue(value: Json): string {
  return typeof value === "string" ? value : pythonLiteral(value);
}

function pythonLiteral(value: Json): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object") return pythonText(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${quote(key)}: ${pythonLiteral(inner)}`)
    .join(", ")}}`;
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escape = (character: string): string => {
    const code = character.charCodeAt(0);
    if (character === mark || character === "\\") return `\\${character}`;
    if (code >= 0x20 && code < 0x7f) return character;
    const isUnprintable = code < 0xa1 || code === 0xad;
    return isUnprintable ? (named[character] ?? `\\x${code.toString(16).padStart(2, "0")}`) : character;
  };
  return `${mark}${Array.from(text, escape).join("")}${mark}`;
}

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Returns what `json.dumps(value, sort_keys=True)` gives: blanks after `,` and `:`, keys sorted, ASCII only. */
export function pythonJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return pythonText(value);
  if (typeof value === "string") return asciiString(value);
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${asciiString(key)}: ${pythonJson(value[key] as Json)}`);
  return `{${fields.join(", ")}}`;
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
