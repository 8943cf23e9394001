// Options that make the YAML library read plain scalars as Heat does (PyYAML's safe loader with dates kept as texts), and
// write numbers and booleans back exactly as they stood.
import type { CollectionTag, ScalarTag, Tags } from "yaml";

const prefix = "tag:yaml.org,2002:";

/** Tags that PyYAML's loader under Heat does not have, or whose values are no JSON. */
const foreignTags = ["timestamp", "binary", "omap", "pairs", "set"].map((name) => prefix + name);

export const readLikeHeat = {
  version: "1.1" as const,
  uniqueKeys: false,
  prettyErrors: false,
  customTags: (tags: Tags): Tags =>
    tags
      .filter((tag) => typeof tag === "string" || !foreignTags.includes(tag.tag))
      .map((tag) => (typeof tag === "string" ? tag : adaptTag(tag))),
};

function adaptTag(tag: CollectionTag | ScalarTag): CollectionTag | ScalarTag {
  if (tag.collection !== undefined || tag.test === undefined) return tag;
  const stringify = tag.stringify;
  const adapted: ScalarTag = { ...tag };
  if (["int", "float"].some((name) => tag.tag === prefix + name) && stringify !== undefined) {
    adapted.stringify = (item, context, onComment, onChompKeep) =>
      item.source ?? stringify(item, context, onComment, onChompKeep);
  }
  // Booleans of one letter, and exponents without a point and a sign, are texts to PyYAML.
  if (tag.test.test("y")) adapted.test = /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/;
  if (tag.test.test("n")) adapted.test = /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/;
  if (tag.test.test("1e3")) adapted.test = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/;
  return adapted;
}
