// Plays the transcripts: prose, commands (`> `) and, indented below each, what the agent then does.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Json } from "../model/json.ts";
import type { Expr } from "../model/expression.ts";
import type { OnError, Order } from "../model/role.ts";
import type { InputPlan, OutputPlan, RolePlan } from "../model/vm-plan.ts";
import {
  type Action,
  advance,
  beginProgress,
  type Event,
  type Progress,
  type ProgressVm,
  retryRole,
  type RoleHistory,
  type Step,
} from "./progress.ts";

const folder = new URL("./progress.transcripts/", import.meta.url);

test.for(readdirSync(folder))("%s tells what the agent does", (name) => {
  const file = new URL(name, folder);
  const told = readFileSync(file, "utf8");
  const played = play(told);
  if (process.env["UPDATE_TRANSCRIPTS"] === "1") writeFileSync(file, played);
  else expect(told).toBe(played);
});

test("an event that cannot happen is a bug and is thrown", () => {
  const { progress } = beginProgress({ vm: "web", order: "listed", roles: [readRole("app")] });
  expect(() => advance(progress, { type: "due", role: "app" })).toThrow('role app is running: "due" cannot happen');
});

function play(transcript: string): string {
  const lines: string[] = [];
  let vm: ProgressVm = { vm: "web", order: "listed", roles: [] };
  let history: Record<string, RoleHistory> = {};
  let progress: Progress | undefined;
  for (const line of transcript.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (!line.startsWith("> ")) continue;
    const [command, rest] = cut(line.slice(2));
    if (command === "vm") {
      const [name, order] = cut(rest);
      vm = { vm: name, order: order as Order, roles: [], ...(name.includes("[") ? { group: { name: cut(name, "[")[0] } } : {}) };
      history = {};
    } else if (command === "role") vm.roles.push(readRole(rest));
    else if (command === "journal") Object.assign(history, readHistory(rest));
    else {
      const step: Step =
        command === "begin"
          ? beginProgress(vm, history)
          : command === "retry"
            ? retryRole(progress as Progress, cut(rest)[0], Number(cut(rest)[1]))
            : advance(progress as Progress, readEvent(command, rest));
      progress = step.progress;
      lines.push(...step.actions.map((action) => `  ${showAction(action)}`));
      if (step.actions.length === 0) lines.push("  (nothing)");
    }
  }
  return lines.join("\n");
}

function cut(text: string, at = " "): [string, string] {
  const position = text.indexOf(at);
  return position < 0 ? [text, ""] : [text.slice(0, position), text.slice(position + at.length)];
}

// role app input=URL input=PORT:5000 given=NAME lazy=PEER after=db.mysql output=url output=log:optional retry=2:1000 on=one continue
function readRole(text: string): RolePlan {
  const [name, ...words] = text.split(" ");
  const inputs: InputPlan[] = [];
  const outputs: OutputPlan[] = [];
  const after: RolePlan["after"] = [];
  let onError: OnError = "fail";
  let on: RolePlan["on"] = "all";
  for (const word of words) {
    const [key, value] = cut(word, "=");
    const [first, second] = cut(value, ":");
    if (key === "input" || key === "lazy" || key === "given") {
      const when = key === "lazy" ? "lazy" : "eager";
      const limit = second === "" ? {} : { waitTimeoutMs: Number(second) };
      const read: Expr = { kind: "read", read: { kind: "cell", cell: first }, path: [] };
      const value: Expr = key === "given" ? { kind: "value", value: null } : read;
      inputs.push({ name: first, value, when, secret: false, ...limit });
    } else if (key === "output") {
      outputs.push({
        name: first,
        cell: `${name}.${first}`,
        type: "json",
        secret: false,
        optional: second === "optional",
        publish: second === "on_write" ? "on_write" : "on_success",
        before: [],
        errorOutput: second === "error",
        published: true,
      });
    } else if (key === "after") after.push({ role: value, cells: { kind: "cell", cell: `${value}.@end` } });
    else if (key === "retry") onError = { times: Number(first), delayMs: Number(second) };
    else if (key === "continue") onError = "continue";
    else if (key === "on") on = { pick: value as "one" | "others", choice: "app" };
    else throw new Error(`a role has no ${word}`);
  }
  const rest = { tool: "script", options: {}, onDelete: false, publishEnd: false };
  return { name: name as string, run: { kind: "value", value: "" }, inputs, outputs, after, onError, on, ...rest };
}

// journal app attempt=2 failures=1 done url="x" | journal app attempt=1 failures=1 failed exit 1 | journal app attempt=1 failures=0 earlier
function readHistory(text: string): Record<string, RoleHistory> {
  const match = /^(\S+) attempt=(\d+) failures=(\d+) ?(done|failed|earlier)? ?(.*)$/.exec(text);
  if (match === null) throw new Error(`no history: ${text}`);
  const [, name, attempt, failures, state, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    "done" | "failed" | "earlier" | undefined,
    string,
  ];
  const known: RoleHistory = { attempt: Number(attempt), failures: Number(failures) };
  if (state === "earlier") known.earlier = true;
  if (state === "done") known.ended = { state, outputs: readOutputs(rest) };
  if (state === "failed") known.ended = { state, outputs: {}, error: rest, origin: `web.${name}` };
  return { [name]: known };
}

function readOutputs(text: string): Record<string, Json> {
  const pairs = text.split(" ").filter((word) => word !== "");
  return Object.fromEntries(pairs.map((pair) => cut(pair, "=")).map(([name, value]) => [name, JSON.parse(value) as Json]));
}

// ended app url="x" | ended app failed exit 1 | ended app failed(final) conflict | unmet app input URL from db.mysql: db.mysql failed: exit 1
function readEvent(type: string, text: string): Event {
  const [role, rest] = cut(text);
  switch (type) {
    case "chosen":
    case "passed-over":
    case "due":
    case "adopted":
    case "changed":
      return { type, role };
    case "same":
      return { type, role, outputs: readOutputs(rest) };
    case "met":
      return { type, role, need: rest };
    case "unmet": {
      const [need, error] = cut(rest, ": ");
      const [name, origin] = cut(need, " from ");
      return { type, role, need: name, error, ...(origin === "" ? {} : { origin }) };
    }
    case "ended": {
      const match = /^(.*?)failed(\(final\))? (.*)$/.exec(rest);
      if (match === null) return { type, role, outputs: readOutputs(rest) };
      return { type, role, outputs: readOutputs(match[1] as string), failure: match[3] as string, final: match[2] !== undefined };
    }
    case "refused":
      return { type, role, error: rest };
    default:
      throw new Error(`no such command: ${type}`);
  }
}

function showAction(action: Action): string {
  switch (action.type) {
    case "choose":
      return `${action.role}: find out which member runs it`;
    case "await":
      return `${action.role}: wait for ${action.needs.join(", ")}`;
    case "time":
      return `${action.role}: give input ${action.input} ${action.ms} ms`;
    case "compare":
      return `${action.role}: compare with its earlier run`;
    case "start":
      return `${action.role}: start attempt ${action.attempt}`;
    case "pause":
      return `${action.role}: attempt ${action.attempt} failed (${action.error}), try again in ${action.ms} ms`;
    case "end": {
      const cells = action.cells.map((settled) => {
        if (settled.state === "value") return `${settled.cell} = ${JSON.stringify(settled.value)}`;
        return settled.state === "absent"
          ? `${settled.cell} absent`
          : `${settled.cell} failed by ${settled.origin}: ${settled.error}`;
      });
      const what = action.journalled ? `${action.state} already` : action.carried ? `${action.state} before` : action.state;
      return [`${action.role}: ${what}`, ...cells].join("\n    ");
    }
    case "reopen":
      return `${action.role}: reopened, its failures are void`;
    case "finish":
      return action.ok ? "all ended well" : "all ended, not well";
  }
}
