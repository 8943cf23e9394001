// Deployments as a file on the vm: what user_data has brought, or whoever plays Heat's part writes anew.
import { createHash } from "node:crypto";
import { readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { pause } from "../coordinator/retrying.ts";
import { messageOf } from "../model/failure.ts";
import type { Deployment } from "../model/vm-identity.ts";
import type { Carrier, Delivery } from "./carrier.ts";
import { makeNudge } from "./nudge.ts";
import type { Log } from "./vm.ts";

/** The file's content: `action` is "delete" when the vm is about to leave. */
export type DeploymentFile = Deployment & { action?: Delivery["action"] };

const lookEveryMs = 2000;

/** Opens a file as carrier. It may come later, and be replaced at any time; it gets no answers. */
export function openFileCarrier(path: string, log: Log): Carrier {
  const nudge = makeNudge();
  return {
    nudge: () => nudge.now(),
    async follow(take, signal) {
      const watcher = watchFolder(dirname(path), () => nudge.now());
      signal.addEventListener("abort", () => watcher?.close(), { once: true });
      let seen = "";
      let trouble = "";
      while (!signal.aborted) {
        try {
          const text = readFileSync(path, "utf8");
          const { action = "run", ...deployment } = JSON.parse(text) as DeploymentFile;
          const id = createHash("sha256").update(text).digest("hex").slice(0, 32);
          if (id !== seen) take({ id, action, deployment });
          seen = id;
          trouble = "";
        } catch (error) {
          // Not there yet, or half written: the next look tells.
          if (messageOf(error) !== trouble) log(`waiting for a deployment: ${messageOf(error)}`);
          trouble = messageOf(error);
        }
        await nudge.orAfter(lookEveryMs, signal);
      }
    },
    answer: async () => {},
  };
}

// Where the system cannot tell, or the folder is not there yet, looking now and then is enough.
function watchFolder(folder: string, onChange: () => void): ReturnType<typeof watch> | undefined {
  try {
    return watch(folder, onChange).once("error", () => {});
  } catch {
    return undefined;
  }
}

/** A carrier of one deployment that is known from the start. */
export function openFixedCarrier(deployment: Deployment): Carrier {
  const id = createHash("sha256").update(JSON.stringify(deployment)).digest("hex").slice(0, 32);
  return {
    nudge: () => {},
    async follow(take, signal) {
      take({ id, action: "run", deployment });
      await pause(2 ** 31 - 1, signal).catch(() => undefined);
    },
    answer: async () => {},
  };
}
