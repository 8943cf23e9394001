// Whether a vm's user_data fits through Nova, as far as that is known before Heat has made it.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Resource, Template, Value } from "../../model/template.ts";
import type { UserDataPart } from "../../model/user-data.ts";
import { bytesOf } from "./estimate-size.ts";

/** Nova takes 65,535 characters of base64. */
const maxBytes = 49_149;

/** What Heat's own parts take: its cloud-config, boothook, part handler and credentials. */
const heatBytes = 4096;

/** What weft's part takes, with addresses of hubs of usual length. */
const bootBytes = 4608;

/** Reports a vm whose user_data is too large, with its biggest parts. */
export function checkBudget(vm: string, parts: UserDataPart[], resource: Resource, template: Template, report: Report): void {
  const sizes = parts.map((part, index) => ({
    name: part.filename ?? `its part ${index + 1} (text/${part.subtype})`,
    bytes: sentBytes(part.value, template) + 120,
  }));
  const own = resource.metadata === undefined ? 0 : sentBytes(resource.metadata, template);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, heatBytes + bootBytes + own);
  if (total <= maxBytes) return;
  const biggest = sizes.toSorted((left, right) => right.bytes - left.bytes).slice(0, 3);
  report.add("user-data-too-large", resource.span, { vm, total, limit: maxBytes, biggest });
}

// Heat sends a part with other than ASCII characters as base64.
function sentBytes(value: Value, template: Template): number {
  const text = textsIn(value, template).join("");
  const bytes = bytesOf(text);
  return bytes === text.length ? bytes : Math.ceil((bytes * 4) / 3);
}

function textsIn(value: Value, template: Template): string[] {
  switch (value.kind) {
    case "literal":
      return [String(value.value ?? "")];
    case "list":
      return value.items.flatMap((item) => textsIn(item, template));
    case "map":
      return value.entries.flatMap((entry) => [entry.key, ...textsIn(entry.value, template)]);
    case "call": {
      if (value.fn === "get_file" && value.arg.kind === "literal") return [template.files.get(String(value.arg.value)) ?? ""];
      const config = configMeant(value, template);
      if (config !== undefined) return textsIn(config, template);
      return value.fn.startsWith("get_") ? [] : textsIn(value.arg, template);
    }
  }
}

// [X, config], where X is a config of this template.
function configMeant(value: Value & { kind: "call" }, template: Template): Value | undefined {
  const [name, attribute] = value.fn === "get_attr" && value.arg.kind === "list" ? value.arg.items : [];
  if (name?.kind !== "literal" || attribute?.kind !== "literal" || attribute.value !== "config") return undefined;
  const properties = template.resources.get(String(name.value))?.properties;
  if (properties?.kind !== "map") return undefined;
  return properties.entries.find(({ key }) => key === "config" || key === "cloud_config")?.value;
}
