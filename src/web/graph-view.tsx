// The role graph, from left to right; what is chosen stands out with what it reads and who reads it.
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { countStates, type Graph, type GraphEdge, layOut, nodeHeight, nodeWidth, passedOver, worstState } from "./graph-nodes.ts";
import { usePage, useStore, useViewport } from "./hooks.ts";
import { filteredRoles } from "./role-list.tsx";
import { signs, StateSign } from "./state-badge.tsx";

const smallestScale = 0.6;

export function GraphView(): VNode {
  const store = useStore();
  const page = usePage();
  const { picture, selected, search, states } = page;
  const graph = useMemo((): Graph => layOut(picture), [picture.outlines, passedOver(picture)]);
  const nodeOf = useMemo(() => new Map(graph.nodes.flatMap(({ id, members }) => members.map((member) => [member, id]))), [graph]);
  const isFiltered = search !== "" || states.size > 0;
  const matches = useMemo(() => new Set(isFiltered ? filteredRoles(page) : []), [picture, search, states]);
  const chosen = selected === undefined ? undefined : nodeOf.get(selected);
  const near = new Set(
    graph.edges.filter(({ from, to }) => from === chosen || to === chosen).flatMap(({ from, to }) => [from, to]),
  );
  const { ref, width, height } = useViewport();
  // Small enough to be seen whole, unless nothing could be read then.
  const fit = Math.min(width / graph.width, height / graph.height, 1);
  const scale = graph.width === 0 || fit >= 1 ? 1 : Math.max(fit, smallestScale);
  const choose = (members: string[]): void => {
    const first =
      members.find((id) => matches.has(id)) ?? members.find((id) => picture.roles.get(id)?.state !== "done") ?? members[0];
    store.change({ selected: members.includes(selected ?? "") ? undefined : first });
  };
  return (
    <div class="graph-scroll" ref={ref} tabIndex={0} role="group" aria-label="graph of roles">
      <div
        class={`graph ${chosen === undefined ? "" : "has-choice"}`}
        style={{ width: `${graph.width}px`, height: `${graph.height}px`, zoom: scale }}
      >
        <svg width={graph.width} height={graph.height} aria-hidden="true">
          {graph.edges.map((edge) => (
            <path class={edgeClass(edge, chosen)} d={curve(edge.points)}>
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
            (chosen !== undefined && chosen !== id && !near.has(id));
          return (
            <button
              type="button"
              key={id}
              class={`node ${dead ? "dead" : state}`}
              aria-pressed={id === chosen}
              aria-label={`${id}, ${dead ? "its agent is dead" : state}`}
              data-faded={faded}
              style={{
                left: `${x - nodeWidth / 2}px`,
                top: `${y - nodeHeight / 2}px`,
                width: `${nodeWidth}px`,
                height: `${nodeHeight}px`,
              }}
              onClick={() => choose(members)}
            >
              <span class="vm">{vm}</span>
              <span class="role">
                <StateSign state={state} dead={dead} />
                {role}
              </span>
              {members.length > 1 && (
                <span class="count">
                  {(["failed", "running", "waiting", "done"] as const)
                    .filter((one) => counts[one] > 0)
                    .map((one) => `${signs[one]}${counts[one]}`)
                    .join(" ")}
                </span>
              )}
            </button>
          );
        })}
      </div>
    </div>
  );
}

function vmOf(id: string): string {
  return id.slice(0, id.lastIndexOf("."));
}

function edgeClass({ kind, from, to }: GraphEdge, chosen: string | undefined): string {
  return `edge ${kind} ${from === chosen ? "out" : to === chosen ? "in" : ""}`;
}

// A smooth line through the points.
function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x},${first.y}`;
  rest.forEach((point, index) => {
    const before = points[index] as { x: number; y: number };
    const middle = (before.x + point.x) / 2;
    path += `C${middle},${before.y} ${middle},${point.y} ${point.x},${point.y}`;
  });
  return path;
}
