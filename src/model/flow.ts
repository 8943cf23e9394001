// The dependence graph of a stack, role by role: who waits for whom, for what, and at which moment of their lives.
import type { Span } from "../diagnostics/span.ts";
import type { Order } from "./role.ts";

/** Roles in the order of the template, members in the order of their indexes. */
export interface Flow {
  roles: FlowRole[];
  edges: FlowEdge[];
}

/** A role of a vm, of one member (`app[0].serve`), or of a group whose size is not known (`app[*].serve`). */
export interface FlowRole {
  id: string;
  vm: string;
  role: string;
  tool: string;
  span: Span;
  /** Of its vm; `dataflow` where one node stands for members of two kinds, as then edges tell the order of each. */
  order: Order;
  outputs: FlowOutput[];
}

export interface FlowOutput {
  name: string;
  /** The cell's id; `app[*].serve.url` for a group whose size is not known. */
  cell: string;
  /** When the cell is settled: as soon as it is written, or when the role has ended. */
  settles: "write" | "end";
  /** Inputs that the role promises to read only after it has written this. */
  before: string[];
  span: Span;
}

/** `to` waits for `from`. value: it reads an output; order: it is listed later on the same vm; after: it says so. */
export interface FlowEdge {
  from: string;
  to: string;
  kind: "value" | "order" | "after";
  output?: string;
  input?: string;
  /** The cell that is read, on an edge of kind `value`. */
  cell?: string;
  /** The moment in the life of `from` that opens the way. */
  settles: "write" | "end";
  /** What in the life of `to` waits: its start, or a read somewhere between start and end. */
  gates: "start" | "read";
  /** Edges of one gather `of: any | N`: edges to the same role with the same key are alternatives, `of` of them are enough. */
  gather?: { key: string; of: number };
  span: Span;
}
