// References to deployments that have become roles, as references to the outputs of these roles.
import type { Span } from "../../diagnostics/span.ts";
import type { Value } from "../../model/template.ts";
import { textOf } from "./find-references.ts";
import { outputMeant, type Imported, type Placed } from "./read-deployment.ts";

/** Returns `value` with each `get_attr` on a deployment in `imported` as a `get_output`; on a group of deployments as a map by member. */
export function redirectReferences(value: Value, imported: ReadonlyMap<string, Imported>): Value {
  switch (value.kind) {
    case "literal":
      return value;
    case "list":
      return { ...value, items: value.items.map((item) => redirectReferences(item, imported)) };
    case "map":
      return {
        ...value,
        entries: value.entries.map((entry) => ({ ...entry, value: redirectReferences(entry.value, imported) })),
      };
    case "call": {
      const [name, attribute, ...path] = value.fn === "get_attr" && value.arg.kind === "list" ? value.arg.items : [];
      const found = imported.get(textOf(name) ?? "");
      if (found === undefined || attribute === undefined) return { ...value, arg: redirectReferences(value.arg, imported) };
      return found.deployment.isGroup
        ? readGroup(found, value, attribute, path)
        : readOne(found, found.places[0], value, attribute, path);
    }
  }
}

type Call = Value & { kind: "call" };

// What waits for no signal, or does not run at creation, has no outputs: Heat gives null.
function readOne({ deployment }: Imported, placed: Placed | undefined, call: Call, attribute: Value, path: Value[]): Value {
  if (placed === undefined || !deployment.signals || deployment.create === undefined) return literal(null, call.span);
  const output = literal(outputMeant(textOf(attribute) ?? "", deployment), attribute.span);
  const items = [literal(placed.member.server, call.span), literal(placed.role, call.span), output, ...path];
  return {
    kind: "call",
    fn: "get_output",
    fnSpan: call.fnSpan,
    arg: { kind: "list", items, span: call.arg.span },
    span: call.span,
  };
}

function readGroup(found: Imported, call: Call, attribute: Value, path: Value[]): Value {
  const [key, ...rest] = path;
  if (key !== undefined) {
    const placed = found.places.find(({ member }) => member.key === textOf(key));
    return readOne(found, placed, call, attribute, rest);
  }
  const entries = found.places.map((placed) => {
    return { key: placed.member.key, keySpan: call.span, value: readOne(found, placed, call, attribute, []) };
  });
  return { kind: "map", entries, span: call.span };
}

function literal(value: string | null, span: Span): Value {
  return { kind: "literal", value, span };
}
