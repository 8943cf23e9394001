// weft destroy: deletes a stack of a cloud and waits for its end.
import { parseArgs } from "node:util";
import { followAction, newestEvent } from "../../cloud/follow-action.ts";
import { deleteStack, signalDeployment, type Stack, type StackResource } from "../../cloud/heat.ts";
import type { CloudSession } from "../../cloud/session.ts";
import { parseDuration } from "../../model/parse-duration.ts";
import { cloudFlags, cloudHelp, findNamedStack, openCloudSession } from "../cloud-options.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { jsonDeployView, plainDeployView, quietText, type DeployView } from "../show-deploy.ts";

export const command = {
  summary: "delete a stack of a cloud",
  help: `
usage: weft destroy NAME [options]

Deletes a stack of an OpenStack cloud and waits for its end. Roles with "on_delete: true" run before their vm goes. A vm whose agent is
dead cannot run them: Heat waits for it until the stack's timeout, and this says for which one.

${cloudHelp}
  --give-up S               no longer wait for on_delete roles when Heat has been silent for S seconds (or 30s, 5m): say in place
                            of the agents that they have ended
  --json                    one event a line on stdout, the last of type "done"

exit: 0 deleted, 2 usage, 3 the deletion has failed, 4 the cloud cannot be reached or has no such stack, 130 interrupted`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...cloudFlags, "give-up": { type: "string" }, json: { type: "boolean" } },
    });
    const giveUpMs = values["give-up"] === undefined ? undefined : parseDuration(values["give-up"]);
    if (values["give-up"] !== undefined && giveUpMs === undefined)
      throw new UsageError(`--give-up ${values["give-up"]} is no length of time: give seconds, or 30s, 5m`);
    const session = await openCloudSession(values);
    const stack = await findNamedStack(session, positionals);
    const interrupt = new AbortController();
    const onSignal = (): void => interrupt.abort();
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal).once("SIGHUP", onSignal);
    const view = values.json === true ? jsonDeployView() : plainDeployView(Date.now());
    try {
      return await destroy(session, stack, view, giveUpMs, interrupt.signal);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      view.note(`\nHeat goes on deleting ${stack.stack_name}\nhint: "weft destroy ${stack.stack_name}" waits for it again`);
      return exitCodes.interrupted;
    }
  },
} satisfies Command;

async function destroy(
  session: CloudSession,
  stack: Stack,
  view: DeployView,
  giveUpMs: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  const marker = await newestEvent(session, stack);
  if (stack.stack_status !== "DELETE_IN_PROGRESS") await deleteStack(session, stack);
  view.note(`deleting stack ${stack.stack_name}, ${stack.id}`);
  const heatView = {
    ...(giveUpMs === undefined ? {} : { quietMs: giveUpMs }),
    event: (event: Parameters<DeployView["heat"]>[0]) => view.heat(event, stack),
    quiet: (waiting: StackResource[], sinceMs: number) => {
      view.note(quietText(waiting, sinceMs));
      const deployments = waiting.filter(isDeployment);
      if (deployments.length === 0) return;
      if (giveUpMs === undefined) view.note(wayOut(stack, deployments));
      else for (const deployment of deployments) void release(session, deployment, view);
    },
    trouble: (text: string) => view.note(text),
  };
  const last = await followAction(session, { name: "DELETE", before: stack, marker }, heatView, signal);
  const ok = last === undefined || last.stack_status === "DELETE_COMPLETE";
  const reason = ok ? {} : { reason: last.stack_status_reason };
  view.done({ ok, status: ok ? "DELETE_COMPLETE" : last.stack_status, ...reason, outputs: {} });
  return ok ? exitCodes.done : exitCodes.failed;
}

function isDeployment({ resource_type }: StackResource): boolean {
  return resource_type === "OS::Heat::SoftwareDeployment";
}

function wayOut(stack: Stack, deployments: StackResource[]): string {
  const names = deployments.map(({ resource_name }) => resource_name).join(", ");
  return `hint: ${names} wait${deployments.length === 1 ? "s" : ""} for a vm's agent; is it dead, "weft destroy ${stack.stack_name} --give-up 1" ends the wait`;
}

async function release(session: CloudSession, deployment: StackResource, view: DeployView): Promise<void> {
  view.note(`giving up ${deployment.resource_name}: its on_delete roles may not have run`);
  await signalDeployment(session, deployment).catch((error: unknown) => view.note(String(error)));
}
