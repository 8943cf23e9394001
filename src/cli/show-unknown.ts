// How it is said that a value is known to a cloud only.
import { showPlace } from "../diagnostics/render.ts";
import type { UnknownToUs } from "../machines/play-heat.ts";
import type { GoodTemplate } from "./load-template.ts";

/** The message for a value that is asked for, at the place of its reference. */
export function showUnknown(error: UnknownToUs, compiled: GoodTemplate): string {
  return `${placeOf(error, compiled)}: error: ${error.message}\n  hint: ${error.hint}\n`;
}

// A slot is named after its place in the vm's annotation: `ROLE.inputs.NAME`, `ROLE.run`, `group.size`.
function placeOf({ place }: UnknownToUs, { template, resolved }: GoodTemplate): string {
  if (place === undefined) return template.file;
  if ("output" in place)
    return showPlace(template.outputs.get(place.output)?.span ?? { file: template.file, line: 1, column: 1, length: 1 });
  const vm = resolved.vms.find(({ id }) => id === place.vm);
  const [roleName, part, input] = place.slot.replace(/#\d+$/, "").split(".");
  const role = vm?.roles.find(({ spec }) => spec.name === roleName);
  const named = part === "inputs" ? role?.inputs.find(({ spec }) => spec.name === input)?.spec.nameSpan : undefined;
  const span = named ?? role?.spec.nameSpan ?? vm?.span;
  return span === undefined ? template.file : showPlace(span);
}
