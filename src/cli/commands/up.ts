// weft up: the whole stack on this machine, live, until all roles are done.
import { openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { UnknownToUs } from "../../machines/play-heat.ts";
import { parseDuration } from "../../model/parse-duration.ts";
import { showPlace } from "../../diagnostics/render.ts";
import { messageOf } from "../../model/failure.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { type MachineChoice, vmKinds } from "../open-machine.ts";
import { runStack } from "../run-stack.ts";
import { stackName } from "../stack-name.ts";
import type { Profiles } from "../../monitor/estimate.ts";
import type { Picture, StackEvent } from "../../monitor/picture.ts";
import { newsOf, recordEvent } from "../../monitor/recording.ts";
import { jsonView } from "../json-view.ts";
import { isLiveTerminal, liveView } from "../live-view.ts";
import { plainView } from "../plain-view.ts";
import type { RunView } from "../run-view.ts";
import { showUnknown } from "../show-unknown.ts";
import { compileFromOptions } from "../load-template.ts";
import { readAttrs, templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "run the whole stack on this machine",
  help: `
usage: weft up T [options]

Runs the stack of template T on this machine: every vm is a folder, a loopback address and processes, or a vm that boots; all vms start at
once, each role waits only for what it reads. A process vm runs roles only, never a server's own user_data. Ends when all roles have ended, prints the
stack's outputs, and ends every process that it has started.

${templateHelp}
  --vms KIND            what a vm is (docs/machines.md):
                          process   a folder, a loopback address and processes (default)
                          netns     its own network, root file system, systemd and cloud-init; needs root
                          qemu      a virtual machine
  --image PATH          what these vms boot from; default: what "weft image" has built. For qemu a folder with vmlinuz,
                        initrd.img and disk.raw, or a disk with cloud-init and a boot loader
  --accel kvm|tcg       for qemu; default: kvm where it works, else tcg, the emulator
  --memory MIB          for qemu: memory of each vm; default 512
  --coordinator URL     embedded:DIR, etcd://..., zookeeper://... or memory:; default: embedded, in a folder of this run
  --attrs FILE          JSON: values that only a cloud knows, {"resource.attribute": value}
  --timeout S           give up after S seconds (or 30s, 5m); default 3600
  --keep                when all roles have ended, leave services and hub running until Ctrl-C
  --record FILE         keep the events of the run: "weft watch --replay FILE" and the hub's page play them again
  --json                one event a line on stdout, the last of type "done"

exit: 0 done, 1 template wrong, 2 usage, 3 a role failed or the time was over, 4 coordinator unreachable, 130 interrupted`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...templateFlags,
        vms: { type: "string" },
        image: { type: "string" },
        accel: { type: "string" },
        memory: { type: "string" },
        coordinator: { type: "string" },
        attrs: { type: "string" },
        timeout: { type: "string" },
        keep: { type: "boolean" },
        record: { type: "string" },
        json: { type: "boolean" },
      },
    });
    const vms = readMachineChoice(values);
    const compiled = compileFromOptions(positionals, values);
    if (compiled === undefined) return exitCodes.template;
    const missing = [...compiled.template.parameters.values()].filter(({ value }) => value === undefined);
    for (const { name, span } of missing) {
      process.stderr.write(
        `${showPlace(span)}: error: parameter "${name}" has no value\n  hint: give it with -P ${name}=VALUE\n`,
      );
    }
    if (missing.length > 0) return exitCodes.template;
    const timeoutMs = values.timeout === undefined ? 3_600_000 : parseDuration(values.timeout);
    if (timeoutMs === undefined)
      throw new UsageError(`--timeout ${values.timeout} is no length of time: give seconds, or 30s, 5m, 2h`);

    const interrupt = new AbortController();
    const onSignal = (): void => interrupt.abort();
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal).once("SIGHUP", onSignal);
    try {
      const result = await runStack(
        {
          ...compiled,
          stack: stackName(compiled.template.file),
          ...(values.coordinator === undefined ? {} : { coordinator: values.coordinator }),
          attrs: values.attrs === undefined ? {} : readAttrs(values.attrs),
          vms,
          timeoutMs,
          keep: values.keep === true,
          ...(values.record === undefined ? {} : { onEvent: openRecorder(values.record) }),
          makeView: (roles, usual) => chooseView(roles, usual, values.json === true),
        },
        interrupt.signal,
      );
      if (result.reason === "interrupted") return exitCodes.interrupted;
      return result.ok ? exitCodes.done : exitCodes.failed;
    } catch (error) {
      if (!(error instanceof UnknownToUs)) throw error;
      process.stderr.write(showUnknown(error, compiled));
      return exitCodes.template;
    }
  },
} satisfies Command;

function openRecorder(file: string): (event: StackEvent, before: Picture) => void {
  let descriptor: number;
  try {
    descriptor = openSync(file, "w", 0o600);
  } catch (error) {
    throw new UsageError(`--record ${file}: ${messageOf(error)}`);
  }
  return (event, before) => {
    for (const news of newsOf(before, event)) writeSync(descriptor, `${recordEvent(news, Date.now())}\n`);
  };
}

interface MachineFlags {
  vms?: string | undefined;
  image?: string | undefined;
  accel?: string | undefined;
  memory?: string | undefined;
}

function readMachineChoice({ vms = "process", image, accel, memory }: MachineFlags): MachineChoice {
  const kind = vmKinds.find((name) => name === vms);
  if (kind === undefined) throw new UsageError(`--vms ${vms} is none of ${vmKinds.join(", ")}`);
  if (kind === "process" && image !== undefined) throw new UsageError("--image is for vms that boot: --vms netns or qemu");
  if (kind !== "qemu" && (accel ?? memory) !== undefined) throw new UsageError("--accel and --memory are for --vms qemu");
  if (accel !== undefined && accel !== "kvm" && accel !== "tcg") throw new UsageError(`--accel ${accel} is neither kvm nor tcg`);
  if (memory !== undefined && !/^[1-9]\d{1,6}$/.test(memory)) throw new UsageError(`--memory ${memory} is no number of MiB`);
  return {
    kind,
    ...(image === undefined ? {} : { image }),
    ...(accel === undefined ? {} : { accel }),
    ...(memory === undefined ? {} : { memoryMiB: Number(memory) }),
  };
}

function chooseView(roles: string[], usual: Profiles, json: boolean): RunView {
  if (json) return jsonView(Date.now());
  return isLiveTerminal(process.stdout) ? liveView(roles, usual, process.stdout) : plainView(Date.now());
}
