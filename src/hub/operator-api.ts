// What only a stack's operator may ask of a hub over HTTP, beside cells, status and events: its generations, and their end.
import type { HubCore } from "./hub-core.ts";
import { listGenerations } from "./generations.ts";
import { Refusal } from "./http-request.ts";

/** Answers below `/v1/stacks/STACK`: `rest` is what stands after it. Undefined where there is no such call. */
export async function answerOperator(
  core: HubCore,
  stack: string,
  method: string | undefined,
  rest: string[],
): Promise<{ status: number; body: unknown } | undefined> {
  const [what, generation] = rest;
  if (what === undefined) {
    if (method !== "DELETE") return undefined;
    if (!(await core.removeStack(stack))) throw new Refusal(404, `there is nothing about stack ${stack}`);
    return { status: 200, body: { removed: stack } };
  }
  if (what !== "generations" || rest.length > 2) return undefined;
  if (generation === undefined) {
    if (method !== "GET") throw new Refusal(405, "generations takes GET");
    return { status: 200, body: { stack, generations: await listGenerations(core.coordinator, stack) } };
  }
  if (method !== "DELETE") throw new Refusal(405, "a generation takes DELETE");
  if (!(await core.removeGeneration({ stack, generation })))
    throw new Refusal(404, `stack ${stack} has no generation ${generation}`, '"weft generations" lists them');
  return { status: 200, body: { removed: generation } };
}
