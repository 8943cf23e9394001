// Frames as they come from outside, checked: nothing that a stranger sends may trip the hub. Pure.
import type { Hello, Request, VmClaim } from "../coordinator/backends/hub-frames.ts";
import type { Rights } from "../model/vm-plan.ts";

/** Returns the hello in `text`, undefined when it is none. */
export function parseHello(text: string): Hello | undefined {
  const frame = parseObject(text);
  if (frame === undefined) return undefined;
  const { v, stack, token, vm } = frame;
  if (typeof v !== "number" || typeof stack !== "string" || stack === "" || typeof token !== "string") return undefined;
  if (vm === undefined) return { v, stack, token };
  if (!isObject(vm)) return undefined;
  const { id, generation, tag, instance, inputs, epoch } = vm;
  const rights = readRights(vm["rights"]);
  if (typeof id !== "string" || typeof generation !== "string" || typeof tag !== "string" || rights === undefined)
    return undefined;
  const optional = { instance, inputs, epoch };
  for (const text of Object.values(optional)) if (text !== undefined && !isName(text)) return undefined;
  return { v, stack, token, vm: { id, generation, rights, tag, ...(optional as Partial<VmClaim>) } };
}

// What is kept in the coordinator for good is short.
function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= 200;
}

/** Returns the request in `text`, undefined when it is none. */
export function parseRequest(text: string): Request | undefined {
  const frame = parseObject(text);
  if (frame === undefined) return undefined;
  const { id, verb, key, prefix, value, expected } = frame;
  if (typeof id !== "number" || typeof verb !== "string") return undefined;
  switch (verb) {
    case "read":
    case "remove":
      return typeof key === "string" ? { id, verb, key } : undefined;
    case "list":
    case "watch":
      return typeof prefix === "string" ? { id, verb, prefix } : undefined;
    case "write":
      if (typeof key !== "string" || typeof value !== "string") return undefined;
      if (expected !== "absent" && expected !== "any" && typeof expected !== "number") return undefined;
      return { id, verb, key, value, expected };
    case "join":
      return typeof key === "string" && typeof value === "string" ? { id, verb, key, value } : undefined;
    case "stop":
      return { id, verb };
    default:
      return undefined;
  }
}

/** Reads rights out of what JSON.parse gave, undefined when they are none. */
export function readRights(value: unknown): Rights | undefined {
  if (!isObject(value)) return undefined;
  const { read, write, choose } = value;
  return isTexts(read) && isTexts(write) && isTexts(choose) ? { read, write, choose } : undefined;
}

/** Returns the JSON object in `text`, undefined for anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
