// weft trace: a run as an OpenTelemetry trace.
import { parseArgs } from "node:util";
import { emptyPicture, updateAll, updatePicture } from "../../monitor/picture.ts";
import { readStatus } from "../../monitor/follow.ts";
import { spansOf } from "../../monitor/run-spans.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";
import { readRecording } from "../read-recording.ts";

export const command = {
  summary: "send a run as an OpenTelemetry trace",
  help: `
usage: weft trace [--endpoint URL] [--hub URL --stack NAME --token TOKEN]
       weft trace [--endpoint URL] --replay FILE

Sends a run to whoever takes OpenTelemetry's traces over HTTP (OTLP, JSON): the stack is the root, each role a span, a read over vms a link to
the role that wrote, a stretch in which a tool was blocked a span of its own. What still runs ends now.

  --endpoint URL  where to; without, the environment variable OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318
  --replay FILE   a recorded run instead of a stack's hub
${accessHelp}`,
  async run(args) {
    const { values } = parseArgs({ args, options: { ...accessFlags, replay: { type: "string" }, endpoint: { type: "string" } } });
    const endpoint = values.endpoint ?? process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "http://localhost:4318";
    if (!URL.canParse(endpoint)) throw new UsageError(`--endpoint ${endpoint} is no URL`);
    const spans = values.replay === undefined ? await liveSpans(values) : replaySpans(values.replay);
    // Loaded when needed: it is large.
    const { exportSpans } = await import("../export-spans.ts");
    await exportSpans(spans, endpoint);
    process.stdout.write(`${spans.length} spans sent to ${endpoint}\n`);
    return exitCodes.done;
  },
} satisfies Command;

async function liveSpans(flags: Parameters<typeof findHub>[0]): Promise<ReturnType<typeof spansOf>> {
  const status = await readStatus(findHub(flags));
  return spansOf(status.stack, updatePicture(emptyPicture, { type: "snapshot", status }), Date.now());
}

function replaySpans(file: string): ReturnType<typeof spansOf> {
  const events = readRecording(file);
  const name = file.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
  return spansOf(
    name,
    updateAll(
      emptyPicture,
      events.map(({ event }) => event),
    ),
    events.at(-1)?.atMs ?? 0,
  );
}
