// What the roles of a stack do, told through its hub, beside something else that decides when it is over.
import { messageOf } from "../model/failure.ts";
import { followStack, type HubAccess } from "../monitor/follow.ts";
import { emptyPicture, updatePicture } from "../monitor/picture.ts";
import type { DeployView } from "./show-deploy.ts";

/**
 * Tells each new report of a role until `signal` is aborted; with `isUpdate` not what was there before. Does nothing without access, and
 * says when the hub refuses.
 */
export async function followRoles(
  access: HubAccess | undefined,
  isUpdate: boolean,
  view: DeployView,
  signal: AbortSignal,
): Promise<void> {
  if (access === undefined) return;
  let picture = emptyPicture;
  let isOld = isUpdate;
  try {
    await followStack(
      access,
      (event) => {
        const before = picture;
        picture = updatePicture(picture, event);
        const reports = event.type === "snapshot" ? event.status.roles : event.type === "role" ? [event.status] : [];
        const wasThere = isOld;
        isOld = false;
        if (!wasThere) for (const role of reports) if (before.roles.get(role.id)?.atMs !== role.atMs) view.role(role, picture);
      },
      signal,
    );
  } catch (error) {
    view.note(`roles cannot be told: ${messageOf(error)}`);
  }
}
