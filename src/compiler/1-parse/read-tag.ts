// Explicit tags of YAML (`!!str 5`) as Heat's reader takes them: only those of JSON's values.
import type { DocumentDirective } from "js-yaml";
import { plainForms, readPlain } from "../../model/plain-scalar.ts";

const prefix = "tag:yaml.org,2002:";

/** The whole name of a tag that stands in a text as `written`. */
export function readTag(written: string, directives: readonly DocumentDirective[]): string {
  if (written.startsWith("!<")) return written.slice(2, -1);
  const handle = /^!(?:[^!]*!)?/.exec(written)?.[0] ?? "";
  const rest = written.slice(handle.length);
  for (const directive of directives) if (directive.kind === "tag" && directive.handle === handle) return directive.prefix + rest;
  return handle === "!!" ? prefix + rest : written;
}

/** The value of a scalar with a tag; undefined where the tag has no such value, or is none of Heat's. */
export function readTagged(tag: string, text: string): null | boolean | number | string | undefined {
  if (tag === `${prefix}str`) return text;
  for (const [kind, form] of Object.entries(plainForms)) {
    const isOfKind = form.test(text) || (kind === "float" && plainForms.int.test(text));
    if (tag === prefix + kind) return isOfKind ? readPlain(text) : undefined;
  }
  return undefined;
}
