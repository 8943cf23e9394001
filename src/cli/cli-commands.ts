// The commands of weft, a line each.
import type { Command } from "./command.ts";

// Loaded when asked for, so that `check` does not pay for the hub.
export const commands: Record<string, { summary: string; load(): Promise<{ command: Command }> }> = {
  check: { summary: "tell all that is wrong with a template", load: () => import("./commands/check.ts") },
  compile: { summary: "make the plain template that Heat deploys", load: () => import("./commands/compile.ts") },
  graph: { summary: "show which role waits for which", load: () => import("./commands/graph.ts") },
  simulate: { summary: "predict makespan and critical path from durations", load: () => import("./commands/simulate.ts") },
  up: { summary: "run the whole stack on this machine", load: () => import("./commands/up.ts") },
  plan: { summary: "say what an update would do to a stack on a cloud", load: () => import("./commands/plan.ts") },
  deploy: {
    summary: "create or update a stack on a cloud, and follow it to its end",
    load: () => import("./commands/deploy.ts"),
  },
  destroy: { summary: "delete a stack of a cloud", load: () => import("./commands/destroy.ts") },
  outputs: { summary: "print the outputs of a stack on a cloud", load: () => import("./commands/outputs.ts") },
  image: { summary: "build what vms on this machine boot from", load: () => import("./commands/image.ts") },
  status: { summary: "show every role of a running stack", load: () => import("./commands/status.ts") },
  why: { summary: "say why a role waits or has failed, down to the root", load: () => import("./commands/why.ts") },
  watch: { summary: "show a running stack live, or play a recorded run again", load: () => import("./commands/watch.ts") },
  events: { summary: "tell what happens in a running stack, as it happens", load: () => import("./commands/events.ts") },
  logs: { summary: "print what a role's tool has said", load: () => import("./commands/logs.ts") },
  get: { summary: "print the value of a cell", load: () => import("./commands/get.ts") },
  put: { summary: "settle a cell by hand", load: () => import("./commands/put.ts") },
  retry: { summary: "let a role that has failed begin anew", load: () => import("./commands/retry.ts") },
  generations: { summary: "list what a hub keeps of a stack", load: () => import("./commands/generations.ts") },
  remove: { summary: "remove an old generation, or a whole stack", load: () => import("./commands/remove.ts") },
  backup: { summary: "copy what a running hub has on its disk", load: () => import("./commands/backup.ts") },
  infer: { summary: "print the inputs and outputs that a role would declare", load: () => import("./commands/infer.ts") },
  hub: { summary: "serve a coordinator to the vms", load: () => import("./commands/hub.ts") },
  agent: { summary: "run the roles of one vm", load: () => import("./commands/agent.ts") },
  explain: { summary: "say what a diagnostic means and how to mend it", load: () => import("./commands/explain.ts") },
  trace: { summary: "send a run as an OpenTelemetry trace", load: () => import("./commands/trace.ts") },
  completion: { summary: "print the completion of a shell", load: () => import("./commands/completion.ts") },
};

/** Name, summary and help of every command. */
export function describeCommands(): Promise<{ name: string; summary: string; help: string }[]> {
  return Promise.all(
    Object.entries(commands).map(async ([name, entry]) => ({
      name,
      summary: entry.summary,
      help: (await entry.load()).command.help,
    })),
  );
}
