// The calls to Heat's API that weft makes, with the shapes of what comes back.
import { Failure } from "../model/failure.ts";
import type { Json, JsonMap } from "../model/json.ts";
import type { CloudSession } from "./session.ts";

export interface Stack {
  id: string;
  stack_name: string;
  /** ACTION_STATUS, e.g. CREATE_COMPLETE. */
  stack_status: string;
  stack_status_reason: string;
  /** When its last update began. */
  updated_time: string | null;
  parameters: Record<string, string>;
  outputs: { output_key: string; output_value: Json; description?: string; output_error?: string }[];
}

export interface HeatEvent {
  id: string;
  event_time: string;
  resource_name: string;
  physical_resource_id: string | null;
  resource_status: string;
  resource_status_reason: string | null;
  links: { rel: string; href: string }[];
}

export interface StackResource {
  resource_name: string;
  resource_type: string;
  resource_status: string;
  physical_resource_id: string;
  links: { rel: string; href: string }[];
}

/** What Heat's preview of an update says of one resource. */
export interface ResourceChange {
  resource_name: string;
  resource_type: string;
  stack_name: string;
}

export interface StackChanges {
  unchanged: ResourceChange[];
  updated: ResourceChange[];
  replaced: ResourceChange[];
  added: ResourceChange[];
  deleted: ResourceChange[];
}

/** What a create or an update sends. */
export interface StackRequest {
  template: string;
  files: Record<string, string>;
  /** Names among the files; later ones win. */
  environmentFiles: string[];
  /** The parameters that the template declares. */
  parameterNames: string[];
  /** Values given beside those of the environment. */
  parameters: Record<string, string>;
  timeoutMinutes?: number;
}

/** Members of groups are stacks in stacks; nobody nests deeper. */
const depth = "nested_depth=5";

/**
 * A stack by its name or id; undefined when there is none. Its outputs are there `withOutputs` only: Heat resolves them anew each time, and
 * while it works on nested stacks it may take a minute, or give null.
 */
export async function findStack(session: CloudSession, name: string, withOutputs = false): Promise<Stack | undefined> {
  const path = `/stacks/${encodeURIComponent(name)}?resolve_outputs=${withOutputs ? "True" : "False"}`;
  const answer = await session.ask("GET", path).catch((error: unknown) => {
    if (error instanceof Failure && error.code === "not-found") return undefined;
    throw error;
  });
  if (answer === undefined) return undefined;
  const { stack } = answer as unknown as { stack: Omit<Stack, "outputs"> & Partial<Stack> };
  return { ...stack, outputs: withOutputs ? (stack.outputs ?? []) : [] };
}

/** Starts the creation and returns the new stack's id. */
export async function createStack(session: CloudSession, name: string, request: StackRequest): Promise<string> {
  const body = { stack_name: name, disable_rollback: true, ...toBody(request) };
  return ((await session.ask("POST", "/stacks", body)) as unknown as { stack: { id: string } }).stack.id;
}

/** Starts an update. Parameters that are not given keep their values; those that the template has no more are dropped. */
export async function updateStack(session: CloudSession, stack: Stack, request: StackRequest): Promise<void> {
  await session.ask("PATCH", pathOf(stack), { ...toBody(request), clear_parameters: goneParameters(stack, request) });
}

/**
 * Asks Heat what an update would do to each resource: to nested ones too, unless the engine fails at that, as it does where a nested stack
 * is new (Heat 19: format_stack_resource of a stack that is not there).
 */
export async function previewUpdate(session: CloudSession, stack: Stack, request: StackRequest): Promise<StackChanges> {
  const body = { ...toBody(request), clear_parameters: goneParameters(stack, request) };
  const ask = (query: string): Promise<Json> => session.ask("PATCH", `${pathOf(stack)}/preview${query}`, body);
  const answer = await ask("?show_nested=True").catch((error: unknown) => {
    if (error instanceof Failure && error.code === "refused") return ask("");
    throw error;
  });
  return (answer as unknown as { resource_changes: StackChanges }).resource_changes;
}

export async function deleteStack(session: CloudSession, stack: Stack): Promise<void> {
  await session.ask("DELETE", pathOf(stack));
}

/** Events of a stack and of those in it, oldest first, after the event `marker`. */
export async function listEvents(session: CloudSession, stack: Stack, marker: string | undefined): Promise<HeatEvent[]> {
  const after = marker === undefined ? "" : `&marker=${marker}`;
  const answer = await session.ask("GET", `${pathOf(stack)}/events?${depth}&sort_dir=asc${after}`);
  return (answer as unknown as { events: HeatEvent[] }).events;
}

export async function listResources(session: CloudSession, stack: Stack): Promise<StackResource[]> {
  const answer = await session.ask("GET", `${pathOf(stack)}/resources?${depth}`);
  return (answer as unknown as { resources: StackResource[] }).resources;
}

export interface SoftwareConfig {
  config: string;
  inputs: { name: string; value?: Json }[];
}

export async function readConfig(session: CloudSession, id: string): Promise<SoftwareConfig> {
  const answer = await session.ask("GET", `/software_configs/${id}`);
  return (answer as unknown as { software_config: SoftwareConfig }).software_config;
}

/** Ends a deployment in place of its vm's agent; Heat lets the stack's owner do so. */
export async function signalDeployment(session: CloudSession, resource: StackResource): Promise<void> {
  const own = resource.links.find(({ rel }) => rel === "self")?.href;
  const path = own === undefined ? undefined : /\/stacks\/.*$/.exec(new URL(own).pathname)?.[0];
  if (path !== undefined) await session.ask("POST", `${path}/signal`, { deploy_status_code: 0 });
}

function pathOf({ stack_name, id }: Stack): string {
  return `/stacks/${encodeURIComponent(stack_name)}/${id}`;
}

function toBody({ template, files, environmentFiles, parameters, timeoutMinutes }: StackRequest): JsonMap {
  const timeout = timeoutMinutes === undefined ? {} : { timeout_mins: timeoutMinutes };
  const environments = environmentFiles.length === 0 ? {} : { environment_files: environmentFiles };
  return { template, files, ...environments, parameters, ...timeout };
}

// Heat would refuse a value for a parameter that there is no more. Its own begin with OS::.
function goneParameters(stack: Stack, { parameterNames }: StackRequest): string[] {
  return Object.keys(stack.parameters).filter((name) => !name.startsWith("OS::") && !parameterNames.includes(name));
}
