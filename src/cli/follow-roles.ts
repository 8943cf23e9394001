// What the roles of a stack do, told through its hub, beside something else that decides when it is over.
import { messageOf } from "../model/failure.ts";
import { followStack, type HubAccess } from "../monitor/follow.ts";
import { emptyPicture, updatePicture } from "../monitor/picture.ts";
import type { DeployView } from "./show-deploy.ts";

/** Tells each new report of a role until `signal` is aborted. Without access, and when the hub refuses, that is said and nothing more. */
export async function followRoles(access: HubAccess | undefined, view: DeployView, signal: AbortSignal): Promise<void> {
  if (access === undefined) return;
  let picture = emptyPicture;
  try {
    await followStack(
      access,
      (event) => {
        const before = picture;
        picture = updatePicture(picture, event);
        const reports = event.type === "snapshot" ? event.status.roles : event.type === "role" ? [event.status] : [];
        for (const role of reports) if (before.roles.get(role.id)?.atMs !== role.atMs) view.role(role, picture);
      },
      signal,
    );
  } catch (error) {
    view.note(`roles cannot be told: ${messageOf(error)}`);
  }
}
