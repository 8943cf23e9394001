// weft deploy: creates or updates a stack on a cloud, and follows Heat and the roles until it has ended.
import { parseArgs } from "node:util";
import { createStack, findStack, updateStack, type Stack, type StackRequest } from "../../cloud/heat.ts";
import { followAction, isUnderWay, newestEvent, type Action, type ActionView } from "../../cloud/follow-action.ts";
import type { CloudSession } from "../../cloud/session.ts";
import type { HubAccess } from "../../monitor/follow.ts";
import { Failure } from "../../model/failure.ts";
import { cloudFlags, cloudHelp, compileForCloud, makeRequest, openCloudSession } from "../cloud-options.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { findHub, findToken } from "../find-hub.ts";
import { followRoles } from "../follow-roles.ts";
import { jsonDeployView, outputsOf, plainDeployView, quietText, type DeployView } from "../show-deploy.ts";
import { stackName } from "../stack-name.ts";
import { templateFlags, templateHelp } from "../template-options.ts";

const hubFlags = { hub: { type: "string" }, token: { type: "string" }, fingerprint: { type: "string" } } as const;
interface HubFlags {
  hub?: string | undefined;
  token?: string | undefined;
  fingerprint?: string | undefined;
}

export const command = {
  summary: "create or update a stack on a cloud, and follow it to its end",
  help: `
usage: weft deploy T [NAME] [options]

Creates the stack NAME (default: after T) of template T on an OpenStack cloud, or updates it when it is there: what
"weft compile" and "openstack stack create" do, and tells meanwhile what Heat does and, through the hub, what the roles do. Ends when the
stack is COMPLETE (all roles have succeeded) and prints its outputs, or when it has FAILED, with the reason. Ctrl-C leaves the stack alone.
Parameters that were given before keep their values in an update.

${templateHelp}
${cloudHelp}
  --hub URL                 the hub of the vms: where the template has the parameter weft_hub_urls, it gets this value, and
                            the roles are told live
  --fingerprint SHA256      the certificate that the hub shows, likewise for weft_hub_fingerprint
  --token TOKEN             the operator's token of this stack on the hub; not needed where WEFT_TOKEN_KEY is set
  --timeout M               minutes that Heat has for it; default: Heat's own, mostly 60
  --json                    one event a line on stdout, the last of type "done"

The environment variable WEFT_TOKEN_KEY, the hub's key, is given to the parameter weft_token_key, which is hidden.

exit: 0 done, 1 template wrong or refused by Heat, 2 usage, 3 the stack has failed, 4 the cloud cannot be reached, 130 interrupted`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, ...cloudFlags, ...hubFlags, timeout: { type: "string" }, json: { type: "boolean" } },
    });
    const [file, name, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`a template and a name are expected, not also ${more.join(" ")}`);
    const compiled = compileForCloud(file === undefined ? [] : [file], values);
    if (compiled === undefined) return exitCodes.template;
    const request = { ...makeRequest(compiled, values, ownParameters(values)), ...readTimeout(values.timeout) };
    const session = await openCloudSession(values);

    const interrupt = new AbortController();
    const onSignal = (): void => interrupt.abort();
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal).once("SIGHUP", onSignal);
    const view = values.json === true ? jsonDeployView() : plainDeployView(Date.now());
    const stack = name ?? stackName(compiled.template.file);
    try {
      return await deploy(session, stack, request, values, view, interrupt.signal);
    } catch (error) {
      if (interrupt.signal.aborted) return leave(view, stack, file ?? "");
      if (!(error instanceof Failure) || error.code !== "refused") throw error;
      process.stderr.write(`weft: ${error.message}\n`);
      return exitCodes.template;
    }
  },
} satisfies Command;

async function deploy(
  session: CloudSession,
  name: string,
  request: StackRequest,
  hub: HubFlags,
  view: DeployView,
  signal: AbortSignal,
): Promise<number> {
  const before = await findStack(session, name);
  const action =
    before === undefined ? await create(session, name, request) : await update(session, before, request, view, signal);
  const stack = action.before;
  view.note(`${before === undefined ? "creating" : "updating"} stack ${stack.stack_name}, ${stack.id}`);
  const ended = new AbortController();
  const roles = followRoles(hubAccess(hub, stack.id), before !== undefined, view, AbortSignal.any([ended.signal, signal]));
  try {
    const last = await followAction(session, action, heatView(view, stack), signal);
    if (last === undefined) throw new Failure("give-up", "no-stack", `the stack ${name} was deleted meanwhile`);
    const ok = last.stack_status.endsWith("_COMPLETE");
    const reason = ok ? {} : { reason: last.stack_status_reason };
    ended.abort();
    await roles;
    view.done({ ok, status: last.stack_status, ...reason, outputs: outputsOf(last) });
    return ok ? exitCodes.done : exitCodes.failed;
  } finally {
    ended.abort();
  }
}

async function create(session: CloudSession, name: string, request: StackRequest): Promise<Action> {
  const id = await createStack(session, name, request);
  const before = await findStack(session, id);
  if (before === undefined) throw new Failure("give-up", "no-stack", `the stack ${name} was deleted meanwhile`);
  return { name: "CREATE", before, marker: undefined };
}

async function update(
  session: CloudSession,
  stack: Stack,
  request: StackRequest,
  view: DeployView,
  signal: AbortSignal,
): Promise<Action> {
  let marker = await newestEvent(session, stack);
  let before = stack;
  if (isUnderWay(stack.stack_status)) {
    // What is under way is let come to its end: Heat would break it off, and roles with it.
    view.note(`stack ${stack.stack_name} is ${stack.stack_status}: waiting for its end before the update`);
    before = (await followAction(session, { name: undefined, before, marker }, heatView(view, stack), signal)) ?? stack;
    marker = await newestEvent(session, stack);
  }
  await updateStack(session, stack, request);
  return { name: "UPDATE", before, marker };
}

function heatView(view: DeployView, stack: Stack): ActionView {
  return {
    event: (event) => view.heat(event, stack),
    quiet: (waiting, sinceMs) => view.note(quietText(waiting, sinceMs)),
    trouble: (text) => view.note(text),
  };
}

function ownParameters({ hub, fingerprint }: HubFlags): Record<string, string> {
  const tokenKey = process.env["WEFT_TOKEN_KEY"];
  return {
    ...(hub === undefined ? {} : { weft_hub_urls: hub }),
    ...(fingerprint === undefined ? {} : { weft_hub_fingerprint: fingerprint }),
    ...(tokenKey === undefined ? {} : { weft_token_key: tokenKey }),
  };
}

// Whoever has no token of the hub gets no news of roles from it.
function hubAccess(flags: HubFlags, stack: string): HubAccess | undefined {
  const token = findToken(flags, stack);
  return flags.hub === undefined || token === undefined ? undefined : findHub({ ...flags, stack, token });
}

function readTimeout(text: string | undefined): { timeoutMinutes?: number } {
  if (text === undefined) return {};
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--timeout ${text} is no number of minutes`);
  return { timeoutMinutes: Number(text) };
}

function leave(view: DeployView, name: string, file: string): number {
  view.note(
    `\nthe stack ${name} goes on without us\nhint: "weft deploy ${file} ${name}" waits for it again, "weft outputs ${name}" shows what it has, "weft destroy ${name}" removes it`,
  );
  return exitCodes.interrupted;
}
