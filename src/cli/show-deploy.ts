// How a deployment is told while it goes on: what Heat does and what roles do, in one stream of lines.
import type { HeatEvent, Stack, StackResource } from "../cloud/heat.ts";
import { showCell } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { RoleStatus } from "../model/status.ts";
import { listCells, roleLine, span, type Picture } from "../monitor/picture.ts";

/** What is told of a stack under way. */
export interface DeployView {
  heat(event: HeatEvent, stack: Stack): void;
  role(status: RoleStatus, picture: Picture): void;
  /** A line for people. */
  note(text: string): void;
  done(result: { ok: boolean; status: string; reason?: string; outputs: Record<string, Json> }): void;
}

/** One event a line on stdout, messages on stderr. */
export function jsonDeployView(): DeployView {
  const print = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    heat(event, stack) {
      const { resource_status: status, resource_status_reason: reason } = event;
      print({
        type: "heat",
        resource: resourcePath(event, stack),
        status,
        at: event.event_time,
        ...(reason === null ? {} : { reason }),
      });
    },
    role({ id, state, atMs, waitingFor, error }) {
      const waits = waitingFor.length > 0 ? { waitingFor: waitingFor.map(({ cell }) => showCell(cell)) } : {};
      print({ type: "role", id, state, atMs, ...waits, ...(error === undefined ? {} : { error }) });
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    done: (result) => print({ type: "done", ...result }),
  };
}

/** A line for each event, with the time since `startMs`. */
export function plainDeployView(startMs: number): DeployView {
  const shown = new Map<string, string>();
  const print = (who: string, text: string): void => {
    const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
    process.stdout.write(`${seconds.padStart(7)} s  ${who}  ${text}\n`);
  };
  return {
    heat(event, stack) {
      // A nested stack is told by the resource that it is of.
      if (isOfNestedStack(event, stack)) return;
      const { resource_status: status, resource_status_reason: reason } = event;
      print("heat", `${resourcePath(event, stack)} ${status}${status.endsWith("_FAILED") ? `: ${reason ?? ""}` : ""}`);
    },
    role(status, picture) {
      const state = `${status.state} ${status.attempt}`;
      const isIdle = status.state === "waiting" && status.waitingFor.length === 0;
      if (isIdle || shown.get(status.id) === state) return;
      shown.set(status.id, state);
      const waits = status.waitingFor.map(({ cell }) => showCell(cell));
      print(
        "role",
        `${status.id} ${status.state === "waiting" ? `waits for ${listCells(waits)}` : roleLine(picture, status, status.atMs)}`,
      );
    },
    note: (text) => void process.stdout.write(`${text}\n`),
    done({ status, reason, outputs }) {
      const lines = Object.entries(outputs).map(([name, value]) => `  ${name}  ${showValue(value)}`);
      const said = reason === undefined ? status : `${status}: ${reason}`;
      process.stdout.write([...(lines.length === 0 ? [] : ["", "outputs", ...lines]), "", said, ""].join("\n"));
    },
  };
}

/** The outputs of a stack by name, sorted, since Heat has no order; null where it has no value yet. */
export function outputsOf(stack: Stack): Record<string, Json> {
  const byName = stack.outputs.toSorted((left, right) => (left.output_key < right.output_key ? -1 : 1));
  return Object.fromEntries(byName.map(({ output_key, output_value }) => [output_key, output_value]));
}

/** A value for people: texts raw, others as JSON. */
export function showValue(value: Json): string {
  return typeof value === "string" ? value.replace(/\n$/, "").replaceAll("\n", "\n    ") : JSON.stringify(value);
}

/** Says what holds Heat up. */
export function quietText(waiting: StackResource[], sinceMs: number): string {
  const names = waiting.map(
    ({ resource_name, resource_type, resource_status }) => `${resource_name} (${resource_type}, ${resource_status})`,
  );
  return `Heat has been silent for ${span(Date.now() - sinceMs)}; under way: ${names.join(", ") || "nothing that it names"}`;
}

function isOfNestedStack({ resource_name, links }: HeatEvent, stack: Stack): boolean {
  return resource_name !== stack.stack_name && resource_name === nestedName(links);
}

function nestedName(links: HeatEvent["links"]): string | undefined {
  return /\/stacks\/([^/]+)\//.exec(links.find(({ rel }) => rel === "stack")?.href ?? "")?.[1];
}

/** `app/0/vm`: nested stacks are named after their parent, a resource of it and twelve letters. */
export function resourcePath({ resource_name, links, physical_resource_id }: HeatEvent, stack: Stack): string {
  if (physical_resource_id === stack.id) return `stack ${stack.stack_name}`;
  const nested = nestedName(links) ?? stack.stack_name;
  const path = nested.slice(stack.stack_name.length + 1).replace(/-[a-z0-9]{12}(?=-|$)/g, "");
  return [...path.split("-"), resource_name].filter((part) => part !== "").join("/");
}
