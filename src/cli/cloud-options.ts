// What the commands for a cloud share: which cloud, which stack, and what they send to Heat.
import { basename } from "node:path";
import { openSession, type CloudSession } from "../cloud/session.ts";
import { findCloud } from "../cloud/cloud-config.ts";
import { findStack, type Stack, type StackRequest } from "../cloud/heat.ts";
import { packTemplate } from "../cloud/pack-template.ts";
import { Failure } from "../model/failure.ts";
import { readProgramDigests } from "./agent-program.ts";
import { UsageError } from "./command.ts";
import { compileFromOptions, type GoodTemplate } from "./load-template.ts";
import { readNamed, readParameter, type TemplateValues } from "./template-options.ts";

/** For parseArgs. */
export const cloudFlags = { "os-cloud": { type: "string" } } as const;

export const cloudHelp = `  --os-cloud NAME           a cloud of clouds.yaml; without, OS_CLOUD or the OS_* variables say which, as for the openstack client`;

/** Logs in to the cloud that flags and environment mean. */
export function openCloudSession(flags: { "os-cloud"?: string | undefined }): Promise<CloudSession> {
  return openSession(findCloud(process.env, flags["os-cloud"]));
}

/** The one stack that is named. Fails `give-up` when the cloud does not have it. */
export async function findNamedStack(session: CloudSession, positionals: string[], withOutputs = false): Promise<Stack> {
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("no stack is named");
  if (more.length > 0) throw new UsageError(`one stack is expected, not also ${more.join(" ")}`);
  const stack = await findStack(session, name, withOutputs);
  if (stack !== undefined) return stack;
  throw new Failure(
    "give-up",
    "no-stack",
    `the cloud has no stack "${name}"\nhint: "openstack stack list" names those of this project`,
  );
}

/** Compiles the one template that is named for a cloud; undefined when it is wrong, which is told. */
export function compileForCloud(positionals: string[], values: TemplateValues): GoodTemplate | undefined {
  const [file] = positionals;
  const output = file === undefined ? {} : { output: basename(file) };
  return compileFromOptions(positionals, values, { digests: readProgramDigests(), ...output });
}

/** What Heat is sent for a compiled template: the template that was emitted, every file that it names, and the values that were given. */
export function makeRequest(compiled: GoodTemplate, values: TemplateValues, own: Record<string, string> = {}): StackRequest {
  const { file } = compiled.template;
  const environments = (values.environment ?? []).map((name) => ({ file: name, text: readNamed(name) }));
  const emitted = Object.entries(compiled.files).map(([name, text]) => [`${basename(file)}.d/${name}`, text]);
  const packed = packTemplate({
    text: compiled.hot,
    file,
    given: Object.fromEntries(emitted) as Record<string, string>,
    environments,
  });
  const given = Object.fromEntries((values.parameter ?? []).map(readParameter).map(({ name, value }) => [name, value]));
  // Ours only where the template asks for them: a stack without roles needs no hub.
  const asked = Object.entries(own).filter(([name]) => packed.parameterNames.includes(name));
  return { ...packed, parameters: { ...Object.fromEntries(asked), ...given } };
}
