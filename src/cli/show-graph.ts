// A flow in the formats of `weft graph`.
import type { Flow, FlowEdge } from "../model/flow.ts";

/** Each gives the whole text, with a newline at its end. */
export const graphFormats = { text: showText, mermaid: showMermaid, dot: showDot, json: showJson };

function showText({ roles, edges }: Flow): string {
  const width = Math.max(0, ...roles.map(({ id }) => id.length));
  const lines = roles.flatMap(({ id, tool }) => [
    `${id.padEnd(width)}  ${tool}`,
    ...edges.filter(({ to }) => to === id).map((edge) => `  ${wordsFor(edge)}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

function wordsFor({ kind, from, output, input }: FlowEdge): string {
  switch (kind) {
    case "value":
      return `reads ${from}.${output} as ${input}`;
    case "order":
      return `follows ${from}`;
    case "after":
      return `comes after ${from}`;
  }
}

function showMermaid({ roles, edges }: Flow): string {
  const nodes = new Map(roles.map(({ id }, index) => [id, `r${index}`]));
  const vms = [...new Set(roles.map(({ vm }) => vm))];
  const lines = ["flowchart LR"];
  vms.forEach((vm, index) => {
    lines.push(`  subgraph v${index}["${vm}"]`);
    for (const { id, role } of roles.filter((one) => one.vm === vm)) lines.push(`    ${nodes.get(id)}["${role}"]`);
    lines.push("  end");
  });
  for (const { from, to, kind, output } of edges) {
    const arrow = kind === "value" ? `-->|"${output}"|` : kind === "after" ? `-.->|"after"|` : "-.->";
    lines.push(`  ${nodes.get(from)} ${arrow} ${nodes.get(to)}`);
  }
  return `${lines.join("\n")}\n`;
}

function showDot({ roles, edges }: Flow): string {
  const lines = ["digraph weft {", "  rankdir=LR;", "  node [shape=box];"];
  [...new Set(roles.map(({ vm }) => vm))].forEach((vm, index) => {
    lines.push(`  subgraph cluster_${index} {`, `    label=${quote(vm)};`);
    for (const { id, role } of roles.filter((one) => one.vm === vm)) lines.push(`    ${quote(id)} [label=${quote(role)}];`);
    lines.push("  }");
  });
  for (const { from, to, kind, output } of edges) {
    const style =
      kind === "value" ? `label=${quote(output ?? "")}` : kind === "after" ? `label="after", style=dashed` : "style=dashed";
    lines.push(`  ${quote(from)} -> ${quote(to)} [${style}];`);
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function showJson({ roles, edges }: Flow): string {
  const document = {
    roles: roles.map(({ id, vm, role, tool }) => ({ id, vm, role, tool })),
    edges: edges.map(({ from, to, kind, output, input }) => ({
      from,
      to,
      kind,
      ...(output === undefined ? {} : { output }),
      ...(input === undefined ? {} : { input }),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
