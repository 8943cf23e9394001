// Deployments from Heat: polls the server's metadata, takes each once, and signals how it has ended.
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pause } from "../coordinator/retrying.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Carrier } from "./carrier.ts";
import { findDelivery, type HeatDelivery, makeSignal, readAccess } from "./heat-metadata.ts";
import { HeatSession } from "./heat-session.ts";
import { makeNudge } from "./nudge.ts";
import { readKept, writeKept } from "./kept-file.ts";
import type { Log } from "./vm.ts";

/** Where cloud-init leaves the vm's credentials for Heat. The second is readable by everybody until we have been there. */
const cfnInitData = ["/var/lib/heat-cfntools/cfn-init-data", "/var/lib/cloud/data/cfn-init-data"];

export interface HeatPace {
  /** Until the first delivery, and after a nudge: what others know already is on its way to us. */
  soonMs: number;
  /** From then on. */
  laterMs: number;
  nudgedForMs: number;
  /** After so long without any delivery it is said what may be the cause. */
  lateMs: number;
  /** Heat drops a signal that comes too early without a word. */
  signalAgainMs: number[];
}

const defaultPace: HeatPace = {
  soonMs: 2000,
  laterMs: 30_000,
  nudgedForMs: 60_000,
  lateMs: 600_000,
  signalAgainMs: [10_000, 60_000],
};

/** So many refusals in a row mean that the vm is no longer Heat's. */
const refusalsToBelieve = 3;

/** What is kept beside the journal: what the vm was told last, so that a reboot needs no Heat, and the ids of all that ever came. */
interface Kept {
  run?: HeatDelivery;
  delete?: HeatDelivery;
  seen: string[];
}

/** Opens the carrier of a vm that Heat has made; `files` are where its credentials may lie. */
export function openHeatCarrier(
  stateDir: string,
  log: Log,
  files: string[] = cfnInitData,
  pace: HeatPace = defaultPace,
): Carrier {
  const path = join(stateDir, "heat.json");
  const nudge = makeNudge();
  let kept: Kept = (readKept(path) as Kept | undefined) ?? { seen: [] };
  let session: { heat: HeatSession; metadataPath: string } | undefined;
  const sinceMs = Date.now();
  let nudgedMs = 0;
  let refusals = 0;
  let isLate = false;

  function openSession(): { heat: HeatSession; metadataPath: string } {
    const found = files.filter((file) => existsSync(file));
    for (const file of found) chmodSync(file, 0o600);
    if (found[0] === undefined) throw new Error(`cloud-init has left no credentials for Heat: no ${files.join(", no ")}`);
    const access = readAccess(readFileSync(found[0], "utf8"));
    const metadataPath = `stacks/${access.stack}/resources/${encodeURIComponent(access.resource)}/metadata`;
    return { heat: new HeatSession(access), metadataPath };
  }

  async function poll(): Promise<HeatDelivery | undefined> {
    session ??= openSession();
    const delivery = findDelivery(await session.heat.ask("GET", session.metadataPath));
    refusals = 0;
    return delivery;
  }

  async function look(take: (delivery: HeatDelivery) => void): Promise<void> {
    const delivery = await poll();
    if (delivery === undefined || kept.seen.includes(delivery.id)) return;
    // On the disk before anybody acts on it: a delivery is taken once.
    kept = { ...kept, [delivery.action]: delivery, seen: [...kept.seen, delivery.id] };
    writeKept(path, kept);
    take(delivery);
  }

  function sayIfLate(): void {
    if (isLate || kept.seen.length > 0 || Date.now() - sinceMs < pace.lateMs) return;
    isLate = true;
    log(
      "Heat has handed this vm no plan yet: the stack is still being made, or a scaling policy has added the vm, and the next update brings it",
    );
  }

  function countRefusal(error: unknown): void {
    if (!(error instanceof Failure) || error.reaction !== "give-up") return;
    // Perhaps only the token, or a Keystone that has just come up.
    session = undefined;
    refusals += 1;
    if (refusals >= refusalsToBelieve)
      throw new Failure("give-up", "superseded", `Heat refuses this vm, as it does when it has replaced it: ${error.message}`);
  }

  function pauseMs(): number {
    const isSoon = kept.seen.length === 0 || refusals > 0 || Date.now() - nudgedMs < pace.nudgedForMs;
    // Spread, so that a thousand vms do not ask at the same instant.
    return (isSoon ? pace.soonMs : pace.laterMs) * (0.75 + Math.random() / 2);
  }

  async function isNewest(id: string): Promise<boolean> {
    return (await poll())?.id === id;
  }

  async function signal(
    { id, answerTo }: HeatDelivery,
    body: ReturnType<typeof makeSignal>,
    until: AbortSignal,
  ): Promise<boolean> {
    const signalPath = `stacks/${answerTo.stack}/resources/${encodeURIComponent(answerTo.resource)}/signal`;
    let trouble = "";
    while (!until.aborted) {
      try {
        // A late one would be taken for the answer to the next.
        if (!(await isNewest(id))) return false;
        session ??= openSession();
        await session.heat.ask("POST", signalPath, body);
        return true;
      } catch (error) {
        if (messageOf(error) !== trouble) log(`cannot tell Heat how it has ended: ${messageOf(error)}`);
        trouble = messageOf(error);
        countRefusal(error);
      }
      await pause(pace.soonMs, until).catch(() => undefined);
    }
    return false;
  }

  return {
    nudge() {
      nudgedMs = Date.now();
      nudge.now();
    },
    async follow(take, until) {
      if (kept.run !== undefined) take(kept.run);
      if (kept.delete !== undefined) take(kept.delete);
      let trouble = "";
      while (!until.aborted) {
        try {
          await look(take);
          sayIfLate();
          trouble = "";
        } catch (error) {
          if (messageOf(error) !== trouble) log(`waiting for a deployment: ${messageOf(error)}`);
          trouble = messageOf(error);
          countRefusal(error);
        }
        await nudge.orAfter(pauseMs(), until);
      }
    },
    async answer(delivery, outcome, until) {
      const body = makeSignal(outcome);
      for (const againMs of [0, ...pace.signalAgainMs]) {
        await pause(againMs, until).catch(() => undefined);
        if (!(await signal(delivery as HeatDelivery, body, until))) return;
      }
    },
  };
}
