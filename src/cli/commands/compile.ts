// weft compile: the plain template that Heat deploys, or user_data for clouds without Heat, and all that vms need of them.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Emitted } from "../../compiler/compile.ts";
import { renderText } from "../../diagnostics/render.ts";
import { UnknownToUs } from "../../machines/play-heat.ts";
import { messageOf } from "../../model/failure.ts";
import { readProgramDigests } from "../agent-program.ts";
import { ownParameters, writeCloudInit } from "../cloud-init-files.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { showUnknown } from "../show-unknown.ts";
import { compileFromOptions, loadTemplate } from "../load-template.ts";
import { readAttrs, readParameter, templateFlags, templateHelp, type TemplateValues } from "../template-options.ts";

interface Flags extends TemplateValues {
  output?: string;
  attrs?: string;
  "hub-server"?: boolean;
}

export const command = {
  summary: "make the plain template that Heat deploys",
  help: `
usage: weft compile T [-o FILE] [options]
       weft compile T --target cloud-init -o FOLDER -P weft_hub_urls=URL [options]

Writes the plain HOT template: T without what is weft's, everything else as it stands, comments too, and with what hands each vm
its plan. That lies in FILE.d/, whose files FILE refers to: openstack stack create -t FILE STACK finds them.
For clouds without Heat: VM.user_data for each vm, with keys and plan in it, to be handed to cloud-init (mode 0600).

  -o, --output FILE         write FILE and FILE.d/; without it the template goes to stdout, if it needs no other file
  --hub-server              add a vm that is the hub, or make its user_data
  --target heat|cloud-init  for what; default heat
  --attrs FILE              for cloud-init, JSON: values that only a cloud knows, {"resource.attribute": value}
${templateHelp}

For cloud-init all parameters need values, and of weft's own: weft_hub_urls, where vms find the hub; weft_token_key, the hub's
key, and weft_hub_fingerprint, if the hub is there already; with --hub-server weft_program_url, from where it fetches its programs.

exit: 0 done, 1 template wrong, 2 usage`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...templateFlags,
        output: { type: "string", short: "o" },
        "hub-server": { type: "boolean" },
        target: { type: "string" },
        attrs: { type: "string" },
      },
    });
    const { target = "heat" } = values;
    if (target === "cloud-init") return compileForCloudInit(positionals, values);
    if (target !== "heat") throw new UsageError(`--target ${target} is not known: heat or cloud-init`);
    return compileForHeat(positionals, values);
  },
} satisfies Command;

function compileForHeat(positionals: string[], values: Flags): number {
  const { output } = values;
  const hubServer = values["hub-server"] === true;
  const { report, sources, emitted } = loadTemplate(positionals, values, {
    digests: readProgramDigests(),
    hubServer,
    ...(output === undefined ? {} : { output: basename(output) }),
  });
  process.stderr.write(renderText(report.diagnostics, sources));
  if (emitted === undefined) return exitCodes.template;
  const isWhole = Object.keys(emitted.files).length === 0;
  if (output === undefined && !isWhole)
    throw new UsageError("the vms need files beside the template: -o FILE writes FILE and FILE.d/");
  if (output === undefined) process.stdout.write(emitted.hot);
  else writeAll(output, emitted);
  if (!isWhole)
    process.stderr.write(
      `note: vms must reach ${hubServer ? "the hub at TCP port 8470" : "the hubs at the ports in weft_hub_urls"}, and Keystone and Heat at their public URLs; security groups are left as they are\n`,
    );
  return exitCodes.done;
}

function compileForCloudInit(positionals: string[], values: Flags): number {
  const { output: folder } = values;
  if (folder === undefined) throw new UsageError("--target cloud-init writes several files: -o FOLDER says where");
  const parameters = values.parameter ?? [];
  const isOwn = (text: string): boolean => (ownParameters as readonly string[]).includes(text.split("=")[0] ?? "");
  const compiled = compileFromOptions(positionals, { ...values, parameter: parameters.filter((text) => !isOwn(text)) });
  if (compiled === undefined) return exitCodes.template;
  const given = parameters.filter(isOwn).map(readParameter);
  try {
    const written = writeCloudInit(compiled, {
      folder,
      attrs: values.attrs === undefined ? {} : readAttrs(values.attrs),
      hubServer: values["hub-server"] === true,
      given: Object.fromEntries(given.map(({ name, value }) => [name, value.trim()])),
      digests: readProgramDigests(),
    });
    for (const [name, bytes] of written) process.stderr.write(`${join(folder, name)}: ${bytes} bytes\n`);
    process.stderr.write("note: vms must reach the hub at its URL (TCP port 8470 if it is one of --hub-server)\n");
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof UnknownToUs)) throw error;
    process.stderr.write(showUnknown(error, compiled));
    return exitCodes.template;
  }
}

function writeAll(file: string, { hot, files }: Emitted): void {
  const folder = `${file}.d`;
  try {
    if (Object.keys(files).length > 0) mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(file, hot);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`);
  }
}
