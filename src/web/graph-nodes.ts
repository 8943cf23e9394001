// The role graph as it is shown: a node a role, or one for all members of a group, and where each stands. Pure.
import { Graph as Layout, layout } from "@dagrejs/dagre";
import type { RoleState } from "../model/status.ts";
import { flowOfPicture } from "../monitor/flow-of-picture.ts";
import type { Picture } from "../monitor/picture.ts";

export interface GraphNode {
  /** `db.mysql`, or `app[*].serve` for the members of a group together. */
  id: string;
  vm: string;
  role: string;
  members: string[];
  x: number;
  y: number;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind: "value" | "order" | "after";
  /** What is read: outputs by name. */
  labels: string[];
  points: { x: number; y: number }[];
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  width: number;
  height: number;
}

export const nodeWidth = 122;
export const nodeHeight = 66;
// With more roles than this the members of a group are one node.
const mostNodes = 40;

/** Roles that were left to another member of their group, as one text: when it changes the graph has to be laid out anew. */
export function passedOver(picture: Picture): string {
  let ids = "";
  for (const { id, state, origin } of picture.roles.values()) if (state === "skipped" && origin === undefined) ids += ` ${id}`;
  return ids;
}

/** Lays the graph out from left to right; undefined where it has too many roles, unless the members of a group are one node (`together`). */
export function layOut(picture: Picture, together: boolean): Graph | undefined {
  const flow = flowOfPicture(picture);
  if (!together && flow.roles.length > mostNodes) return undefined;
  const nodeOf = (id: string): string => (together ? groupNode(id) : id);
  const members = new Map<string, string[]>();
  for (const { id } of flow.roles) members.set(nodeOf(id), [...(members.get(nodeOf(id)) ?? []), id]);
  const edges = new Map<string, Omit<GraphEdge, "points">>();
  for (const { from, to, kind, output } of flow.edges) {
    const [left, right] = [nodeOf(from), nodeOf(to)];
    if (left === right) continue;
    const key = `${left} ${right}`;
    const edge = edges.get(key) ?? { from: left, to: right, kind, labels: [] };
    if (kind === "value") edge.kind = "value";
    if (output !== undefined && !edge.labels.includes(output)) edge.labels.push(output);
    edges.set(key, edge);
  }
  const graph = new Layout().setGraph({ rankdir: "LR", nodesep: 12, ranksep: 30, marginx: 14, marginy: 14 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of members.keys()) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges.values()) graph.setEdge(from, to);
  layout(graph);
  const { width, height } = members.size === 0 ? { width: 0, height: 0 } : (graph.graph() as { width: number; height: number });
  return {
    nodes: [...members].map(([id, ids]) => {
      const { x, y } = graph.node(id);
      const [only = id] = ids.length === 1 ? ids : [];
      const dot = only.lastIndexOf(".");
      return { id, vm: only.slice(0, dot), role: only.slice(dot + 1), members: ids, x, y };
    }),
    edges: [...edges.values()].map((edge) => {
      const [from, to] = [graph.node(edge.from), graph.node(edge.to)];
      // From side to side, as one reads: dagre itself would leave a node by its nearest border.
      const ways = graph.edge(edge.from, edge.to).points.slice(1, -1);
      const ends = [
        { x: from.x + nodeWidth / 2, y: from.y },
        { x: to.x - nodeWidth / 2, y: to.y },
      ] as const;
      return { ...edge, points: [ends[0], ...ways, ends[1]] };
    }),
    width,
    height,
  };
}

/** The node of all members of a group together. */
export function groupNode(id: string): string {
  return id.replace(/\[[A-Za-z0-9]+\](?=[^[\]]*$)/, "[*]");
}

/** How many of `ids` are in which state. */
export function countStates(picture: Picture, ids: readonly string[]): Record<RoleState, number> {
  const counts: Record<RoleState, number> = { waiting: 0, running: 0, done: 0, failed: 0, skipped: 0 };
  for (const id of ids) counts[picture.roles.get(id)?.state ?? "waiting"] += 1;
  return counts;
}

/** How many of them will change no more. */
export function ended({ done, failed, skipped }: Record<RoleState, number>): number {
  return done + failed + skipped;
}

/** The state that stands for several: what needs a look first. */
export function worstState(counts: Record<RoleState, number>): RoleState {
  const order: RoleState[] = ["failed", "running", "waiting", "skipped", "done"];
  return order.find((state) => counts[state] > 0) ?? "waiting";
}
