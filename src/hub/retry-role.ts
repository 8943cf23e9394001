// The operator retries a role that has failed: a count that all agents of the generation watch.
import type { Coordinator, Expected } from "../coordinator/coordinator.ts";
import { retryKey, roleKey, type Scope } from "../coordinator/keys.ts";
import type { RoleStatus } from "../model/status.ts";
import { Refusal } from "./http-request.ts";
import { parseObject } from "./parse-frames.ts";

/** Counts one more retry of `role` and returns the count. Throws a Refusal unless the role has failed, and by itself. */
export async function retryRole(coordinator: Coordinator, scope: Scope, role: string): Promise<number> {
  const reported = await coordinator.read(roleKey(scope, role));
  const status = parseObject(reported?.value ?? "") as Partial<RoleStatus> | undefined;
  if (status === undefined)
    throw new Refusal(404, `no role ${role} has been reported`, "a role is named VM.ROLE, see: weft status");
  const { state, origin } = status;
  if (origin !== undefined && origin !== role)
    throw new Refusal(409, `${role} has ended by ${origin}`, `retry that one: weft retry ${origin}`);
  if (state !== "failed") throw new Refusal(409, `${role} has not failed: it is ${state}`);
  const key = retryKey(scope, role);
  const current = await coordinator.read(key);
  const [count, expected]: [number, Expected] =
    current === undefined ? [1, "absent"] : [Number(current.value) + 1, current.revision];
  const result = await coordinator.write(key, String(count), expected);
  // Another retry came first, and is as good as this one.
  return result.written ? count : Number(result.current?.value ?? count);
}
