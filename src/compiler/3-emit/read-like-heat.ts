// Options that make the YAML library read plain scalars as Heat does (model/plain-scalar.ts), and write them back exactly as they stood.
import type { ScalarTag, Tags } from "yaml";
import { type PlainKind, plainForms, readPlain } from "../../model/plain-scalar.ts";

export const readLikeHeat = {
  version: "1.1" as const,
  merge: true,
  uniqueKeys: false,
  prettyErrors: false,
  customTags: (tags: Tags): Tags => [
    ...tags.filter((tag) => typeof tag === "object" && keptTags.includes(tag.tag)),
    ...(Object.keys(plainForms) as PlainKind[]).map(scalarTag),
  ],
};

const prefix = "tag:yaml.org,2002:";
const keptTags = ["map", "seq", "str"].map((name) => prefix + name);

const identities: Record<PlainKind, (value: unknown) => boolean> = {
  null: (value) => value == null,
  bool: (value) => typeof value === "boolean",
  int: Number.isInteger,
  float: (value) => typeof value === "number",
};

function scalarTag(kind: PlainKind): ScalarTag {
  return {
    tag: prefix + kind,
    default: true,
    identify: identities[kind],
    test: plainForms[kind],
    resolve: (text) => readPlain(text),
    stringify: ({ source, value }) => source ?? String(value),
  };
}
