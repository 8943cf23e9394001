// A parameter's value by its type, as Heat reads it (heat/engine/parameters.py): texts are converted, lists may be texts.
import { pythonText } from "./python-text.ts";
import { parseText } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { ParameterType } from "../model/template.ts";

/** Returns the value, or in `problem` the rest of a sentence that says what it is not. */
export function readParameterValue(raw: Json, type: ParameterType): { value: Json } | { problem: string } {
  const isScalar = raw === null || typeof raw !== "object";
  switch (type) {
    case "string":
      return isScalar ? { value: pythonText(raw ?? "") } : { problem: "is not a text" };
    case "number":
      return typeof raw === "number" ? { value: raw } : convert(raw, "number", "is not a number");
    case "boolean":
      return typeof raw === "boolean"
        ? { value: raw }
        : convert(typeof raw === "number" ? String(raw) : raw, "boolean", "is not a boolean");
    case "json":
      return isScalar && typeof raw !== "string"
        ? { problem: "is not a map or list, or JSON" }
        : typeof raw === "string"
          ? readJson(raw)
          : { value: raw };
    case "comma_delimited_list":
      if (Array.isArray(raw))
        return {
          value: raw.map((item) => (item === null || typeof item === "object" ? JSON.stringify(item) : pythonText(item))),
        };
      if (typeof raw === "string") return { value: raw === "" ? [] : raw.split(",") };
      return { problem: "is not a list or a text with commas" };
  }
}

function convert(raw: Json, type: ParameterType, problem: string): { value: Json } | { problem: string } {
  if (typeof raw !== "string") return { problem };
  try {
    return { value: parseText(raw, type) };
  } catch {
    return { problem };
  }
}

/** An empty text stays one, as in Heat. */
function readJson(text: string): { value: Json } | { problem: string } {
  if (text === "") return { value: text };
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { problem: "is not valid JSON" };
  }
}
