// What a plain scalar of a YAML text means to Heat: YAML 1.1 as PyYAML's safe loader reads it, with dates kept as texts.

/** What the value may be: the kinds of YAML 1.1 that have a form of their own, and are no texts. */
export type PlainKind = "null" | "bool" | "int" | "float";

/** Plain scalars that are no texts begin with one of these. */
const first = /^[-+.0-9~nNyYtTfFoO]/;

/** The forms of each kind. Booleans of one letter, and exponents without a point and a sign, are texts to PyYAML. */
export const plainForms: Readonly<Record<PlainKind, RegExp>> = {
  null: /^(?:~|null|Null|NULL)?$/,
  bool: /^(?:[Yy]es|YES|[Nn]o|NO|[Tt]rue|TRUE|[Ff]alse|FALSE|[Oo]n|ON|[Oo]ff|OFF)$/,
  int: /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  float:
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
};

/** Returns what `text` means where no tag says otherwise. What is no finite number stays a text. */
export function readPlain(text: string): null | boolean | number | string {
  if (text === "") return null;
  // Most are texts, and most of these begin with a letter that nothing else begins with.
  if (!first.test(text)) return text;
  if (plainForms.null.test(text)) return null;
  if (plainForms.bool.test(text)) return /^(?:y|t|on$)/i.test(text);
  if (!plainForms.int.test(text) && !plainForms.float.test(text)) return text;
  const value = readNumber(text.replaceAll("_", ""));
  return Number.isFinite(value) ? value : text;
}

function readNumber(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[-+]/, "");
  if (digits.includes(":")) return sign * digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  if (/^0[bx]/.test(digits)) return sign * (digits.length > 2 ? Number(digits) : Number.NaN);
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Number(digits);
}
