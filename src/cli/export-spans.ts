// Sends spans to whoever takes OpenTelemetry's traces over HTTP.
import { context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, type ReadableSpan, type SpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Failure } from "../model/failure.ts";
import type { RunSpan } from "../monitor/run-spans.ts";

/** Sends spans, parents first, to `endpoint` (`http://HOST:4318`). Fails `give-up` when they are not taken. */
export async function exportSpans(spans: RunSpan[], endpoint: string): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` });
  const collected: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "weft" }),
    spanProcessors: [new SimpleSpanProcessor(collectInto(collected))],
  });
  const tracer = provider.getTracer("weft");
  const made = new Map<string, Span>();
  for (const { id, parent, name, startMs, attributes } of spans) {
    const above = parent === undefined ? undefined : made.get(parent);
    const within = above === undefined ? context.active() : trace.setSpan(context.active(), above);
    made.set(id, tracer.startSpan(name, { startTime: startMs, attributes, kind: SpanKind.INTERNAL }, within));
  }
  for (const { id, links, error, endMs } of spans) {
    const span = made.get(id) as Span;
    for (const { to, output } of links) {
      const writer = made.get(to);
      if (writer !== undefined) span.addLink({ context: writer.spanContext(), attributes: { "weft.output": output } });
    }
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end(endMs);
  }
  await provider.forceFlush();
  await send(exporter, collected, endpoint);
  await provider.shutdown();
}

function collectInto(collected: ReadableSpan[]): SpanExporter {
  return {
    export(spans, done) {
      collected.push(...spans);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
}

// All of a run at once, and not silently: what is not taken is told.
async function send(exporter: OTLPTraceExporter, spans: ReadableSpan[], endpoint: string): Promise<void> {
  const result = await new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(spans, resolve));
  await exporter.shutdown();
  if (result.code === 0) return;
  const why = result.error?.message ?? "no reason given";
  throw new Failure(
    "give-up",
    "unreachable",
    `${endpoint} does not take the spans: ${why}\nhint: name an OTLP/HTTP endpoint, as http://localhost:4318`,
  );
}
