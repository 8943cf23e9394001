// Hides known secret values in texts that people will see. Pure.
import type { Json } from "../model/json.ts";

// Shorter texts would be found everywhere, and hiding them would give them away.
const shortestSecret = 4;

/** Returns the texts by which a secret value can show: each string and number inside it, and its JSON. */
export function secretTexts(value: Json): string[] {
  if (value === null || typeof value === "boolean") return [];
  if (typeof value !== "object") return [String(value), JSON.stringify(value).replace(/^"|"$/g, "")];
  return [JSON.stringify(value), ...Object.values(value).flatMap((part: Json) => secretTexts(part))];
}

/** Returns `text` with every one of `secrets` replaced by `***`. Texts of fewer than 4 characters are left alone. */
export function maskSecrets(text: string, secrets: Iterable<string>): string {
  let masked = text;
  const longestFirst = [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((left, right) => right.length - left.length);
  for (const secret of longestFirst) {
    masked = masked.replaceAll(secret, "***");
    // A secret of several lines shows line by line in a log's tail.
    for (const line of secret.split("\n")) if (line.length >= shortestSecret) masked = masked.replaceAll(line, "***");
  }
  return masked;
}
