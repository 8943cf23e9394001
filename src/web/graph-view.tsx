// The role graph, from left to right; what is chosen stands out with what it reads and who reads it.
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { explainRole, vmOf, type WhyLine } from "../monitor/picture.ts";
import {
  countStates,
  ended,
  type Graph,
  type GraphEdge,
  groupNode,
  layOut,
  nodeHeight,
  nodeWidth,
  passedOver,
  worstState,
} from "./graph-nodes.ts";
import { usePage, useStore, useViewport } from "./hooks.ts";
import { filteredRoles } from "./role-list.tsx";
import { Meter, StateSign } from "./state-badge.tsx";

const smallestScale = 0.72;

export function GraphView(): VNode {
  const store = useStore();
  const page = usePage();
  const { picture, selected, search, states } = page;
  const { ref, width, height } = useViewport();
  const fitOf = (graph: Graph): number => Math.min(width / graph.width, height / graph.height, 1);
  // Role by role where that can be read at a glance, else the members of a group together.
  const drawn = [picture.outlines, passedOver(picture)];
  const whole = useMemo(() => layOut(picture, false), drawn);
  const isLegible = whole !== undefined && fitOf(whole) >= smallestScale;
  const graph = useMemo(() => (isLegible ? whole : layOut(picture, true)) as Graph, [...drawn, isLegible]);
  const nodeOf = useMemo(() => new Map(graph.nodes.flatMap(({ id, members }) => members.map((member) => [member, id]))), [graph]);
  const isFiltered = search !== "" || states.size > 0;
  const matches = useMemo(() => new Set(isFiltered ? filteredRoles(page) : []), [picture, search, states]);
  const chosen = selected === undefined ? undefined : nodeOf.get(selected);
  const near = new Set(
    graph.edges.filter(({ from, to }) => from === chosen || to === chosen).flatMap(({ from, to }) => [from, to]),
  );
  const why = useMemo(
    () => chainOf(selected === undefined ? [] : explainRole(picture, selected, 0), (id) => nodeOf.get(id) ?? groupNode(id)),
    [picture, selected, nodeOf],
  );
  // Small enough to be seen whole, unless nothing could be read then.
  const scale = graph.width === 0 ? 1 : Math.max(fitOf(graph), smallestScale);
  // What is wide and low takes the height that there is.
  const stretch = graph.width === 0 ? 1 : Math.min(1.7, Math.max(1, height / scale / graph.height));
  useEffect(() => {
    ref.current?.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [chosen, graph]);
  const choose = (members: string[]): void => {
    const first =
      members.find((id) => matches.has(id)) ?? members.find((id) => picture.roles.get(id)?.state !== "done") ?? members[0];
    store.change({ selected: members.includes(selected ?? "") ? undefined : first });
  };
  return (
    <div class="graph-scroll" ref={ref} tabIndex={0} role="group" aria-label="graph of roles">
      <div
        class={`graph ${chosen === undefined ? "" : "has-choice"}`}
        style={{ width: `${graph.width}px`, height: `${graph.height * stretch}px`, zoom: scale }}
      >
        <svg width={graph.width} height={graph.height * stretch} aria-hidden="true">
          {graph.edges.map((edge) => (
            <path class={edgeClass(edge, chosen, why.steps)} d={curve(edge.points, stretch)}>
              <title>{`${edge.from} → ${edge.to}${edge.labels.length > 0 ? `: ${edge.labels.join(", ")}` : ""}`}</title>
            </path>
          ))}
        </svg>
        {graph.nodes.map(({ id, vm, role, members, x, y }) => {
          const counts = countStates(picture, members);
          const state = worstState(counts);
          const dead = members.some((member) => picture.roles.get(member)?.state === "running" && !picture.vms.has(vmOf(member)));
          const faded =
            (isFiltered && !members.some((member) => matches.has(member))) ||
            (chosen !== undefined && chosen !== id && !near.has(id) && !why.nodes.has(id));
          return (
            <button
              type="button"
              key={id}
              class={`node ${dead ? "dead" : state}`}
              aria-pressed={id === chosen}
              data-faded={faded}
              style={{
                left: `${x - nodeWidth / 2}px`,
                top: `${y * stretch - nodeHeight / 2}px`,
                width: `${nodeWidth}px`,
                height: `${nodeHeight}px`,
              }}
              onClick={() => choose(members)}
            >
              <span class="vm">
                {(members.length === 1 || dead) && <StateSign state={state} dead={dead} />}
                <i>{vm}</i>
                {members.length > 1 && <span class="count">{`${ended(counts)}/${members.length}`}</span>}
              </span>
              <span class="role" title={role}>
                {breakable(role)}
              </span>
              <span class="visually-hidden">, {dead ? "its agent is dead" : state}</span>
              {members.length > 1 && <Meter counts={counts} />}
            </button>
          );
        })}
      </div>
    </div>
  );
}

function edgeClass({ kind, from, to }: GraphEdge, chosen: string | undefined, steps: ReadonlySet<string>): string {
  return `edge ${kind} ${steps.has(`${from} ${to}`) ? "why" : from === chosen ? "out" : to === chosen ? "in" : ""}`;
}

// The nodes that an explanation names, and its steps as `FROM TO`.
function chainOf(lines: WhyLine[], nodeOf: (role: string) => string): { nodes: Set<string>; steps: Set<string> } {
  const above: string[] = [];
  const steps = new Set<string>();
  for (const { depth, role } of lines) {
    if (role === undefined) continue;
    above[depth] = nodeOf(role);
    steps.add(`${above[depth]} ${above[depth - 1]}`);
  }
  return { nodes: new Set(lines.flatMap(({ role }) => (role === undefined ? [] : nodeOf(role)))), steps };
}

// A long name goes on in a second line behind one of its joints.
function breakable(name: string): VNode[] {
  return name.split(/(?<=[_-])/).map((part, index) => (
    <>
      {index > 0 && <wbr />}
      {part}
    </>
  ));
}

// A smooth line through the points.
function curve(points: { x: number; y: number }[], stretch: number): string {
  const [first, ...rest] = points.map(({ x, y }) => ({ x, y: y * stretch }));
  if (first === undefined) return "";
  let path = `M${first.x},${first.y}`;
  let before = first;
  for (const point of rest) {
    const middle = (before.x + point.x) / 2;
    path += `C${middle},${before.y} ${middle},${point.y} ${point.x},${point.y}`;
    before = point;
  }
  return path;
}
