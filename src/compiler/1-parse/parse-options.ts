// The `options` of a role -> plain values. Of those that are paths, what lies beside the template is packed.
import type { PackedPath } from "../../model/bundle.ts";
import type { JsonMap } from "../../model/json.ts";
import type { Entry, Value } from "../../model/template.ts";
import { findTool } from "../../model/tool-names.ts";
import { packFiles, type PackedPaths } from "./pack-files.ts";
import { type ParseContext, parseLiteral } from "./parse-value.ts";
import { openMap, reportType, toJson } from "./read-fields.ts";

export interface Options {
  options: JsonMap;
  /** By path as written. */
  packed: Record<string, PackedPath>;
}

/** Reads the options of a role that `tool` runs; `packed` holds what other roles of its vm have packed. */
export function parseOptions(
  entry: Entry | undefined,
  label: string,
  tool: string,
  packed: PackedPaths,
  context: ParseContext,
): Options {
  const none: Options = { options: {}, packed: {} };
  if (entry === undefined) return none;
  const what = `"options" of ${label}`;
  if (openMap(entry.value, what, context.report) === undefined) return none;
  const literal = parseLiteral(entry.value, what, context);
  if (literal?.kind !== "map") return none;
  const own: Options["packed"] = {};
  for (const { key, value } of literal.entries) {
    if (findTool(tool)?.pathOptions.includes(key) !== true) continue;
    for (const item of value.kind === "list" ? value.items : [value]) {
      const path = relativePath(item, `option "${key}" of ${label}`, context);
      const files = path === undefined ? undefined : packFiles(path, item.span, packed, context);
      if (path !== undefined && files !== undefined) own[path] = files;
    }
  }
  return { options: toJson(literal) as JsonMap, packed: own };
}

// Undefined for what is somewhere else: an absolute path on the vm, or `{url, sha256}`.
function relativePath(item: Value, what: string, context: ParseContext): string | undefined {
  const text = item.kind === "literal" && typeof item.value === "string" && item.value !== "" ? item.value : undefined;
  if (text?.startsWith("/") === true || isDownload(item)) return undefined;
  if (text !== undefined && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const hint = text === undefined ? undefined : `{url: "${text}", sha256: ...}: sha256sum tells the digest of the file`;
  const expected = "a path, a download {url: http..., sha256: 64 hexadecimal digits}, or a list of them";
  reportType(context.report, item, what, expected, hint);
  return undefined;
}

function isDownload(item: Value): boolean {
  if (item.kind !== "map") return false;
  const fields = new Map(item.entries.map(({ key, value }) => [key, value.kind === "literal" ? String(value.value) : ""]));
  const [url, sha256] = [fields.get("url") ?? "", fields.get("sha256") ?? ""];
  return fields.size === 2 && /^https?:\/\/./i.test(url) && /^[0-9a-f]{64}$/i.test(sha256);
}
