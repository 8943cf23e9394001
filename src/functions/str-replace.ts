// str_replace and its strict forms, as Heat does them.
import { isMap, type Json } from "../model/json.ts";
import { pythonJson, pythonText } from "./python-text.ts";

const maxLength = 2 ** 24;

type Form = "str_replace" | "str_replace_strict" | "str_replace_vstrict";

/**
 * Puts the params into the template: longest placeholders first, what was put in is not looked at again. Strict: every
 * placeholder must occur; vstrict: no value may be empty either.
 */
export function strReplace(form: Form, arg: Json): string {
  if (!isMap(arg) || !("template" in arg) || !("params" in arg)) throw new Error(`${form} needs a map with template and params`);
  const { template, params } = arg;
  if (typeof template !== "string") throw new Error(`${form}: template must be a text`);
  if (!isMap(params)) throw new Error(`${form}: params must be a map`);

  const unused = new Set(Object.keys(params));
  const replaceIn = (text: string, placeholders: string[]): string => {
    const [placeholder, ...rest] = placeholders;
    if (placeholder === undefined) return text;
    const parts = text.split(placeholder);
    if (parts.length > 1) unused.delete(placeholder);
    const replaced = parts.map((part) => replaceIn(part, rest)).join(textOf(form, placeholder, params[placeholder] as Json));
    if (replaced.length > maxLength) throw new Error(`${form}: more than ${maxLength} characters would come out`);
    return replaced;
  };
  const result = replaceIn(template, longestFirst(Object.keys(params)));
  if (form !== "str_replace" && unused.size > 0) {
    throw new Error(`${form}: not in the template: ${longestFirst([...unused]).join(", ")}`);
  }
  return result;
}

function longestFirst(placeholders: string[]): string[] {
  if (placeholders.includes("")) throw new Error("str_replace: a placeholder must not be empty");
  return placeholders.sort().sort((left, right) => Array.from(right).length - Array.from(left).length);
}

function textOf(form: Form, placeholder: string, value: Json): string {
  const text = value === null ? "" : typeof value === "object" ? pythonJson(value) : pythonText(value);
  const isEmpty = text === "" || (typeof value === "object" && (text === "{}" || text === "[]"));
  if (form === "str_replace_vstrict" && isEmpty) throw new Error(`${form}: ${placeholder} has no value`);
  return text;
}
