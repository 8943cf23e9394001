// What a vm's own user_data consists of: parts in cloud-init's sense, which run before what weft adds.
import type { Expr } from "./expression.ts";
import type { Value } from "./template.ts";

/** As written. */
export interface WrittenPart {
  /** Of its MIME type `text/SUBTYPE`; cloud-init looks at the first line of a `plain` one. */
  subtype: string;
  filename?: string;
  value: Value;
}

/** After its references were resolved. */
export interface UserDataPart extends WrittenPart {
  expr: Expr;
}
