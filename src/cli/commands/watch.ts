// weft watch: the picture of a running stack on the terminal, live, or of a recorded run played again.
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { RoleStatus } from "../../model/status.ts";
import { followStack } from "../../monitor/follow.ts";
import { emptyPicture, type Picture, sortOutlines, type StackEvent, updatePicture } from "../../monitor/picture.ts";
import type { RecordedEvent } from "../../monitor/recording.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { drawFrame } from "../draw-frame.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";
import { isLiveTerminal, Screen } from "../live-view.ts";
import { plainView } from "../plain-view.ts";
import { readRecording } from "../read-recording.ts";
import { readHistory } from "../run-history.ts";

export const command = {
  summary: "show a running stack live, or play a recorded run again",
  help: `
usage: weft watch [--hub URL --stack NAME --token TOKEN]
       weft watch --replay FILE [--speed N]

Shows every role by vm, what it waits for and since when, and how long it will take, until Ctrl-C; a line for each change where there
is no terminal. A run is recorded by "weft events --json > FILE".

${accessHelp}
  --replay FILE  play the events of FILE again, as fast as they came
  --speed N      N times as fast; 0: all at once`,
  async run(args) {
    const { values } = parseArgs({ args, options: { ...accessFlags, replay: { type: "string" }, speed: { type: "string" } } });
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    if (values.replay !== undefined) {
      const events = readRecording(values.replay);
      const view = openView("", events[0]?.atMs ?? 0);
      await replay(events, readSpeed(values.speed), view, stop.signal).finally(() => view.close());
      return stop.signal.aborted ? exitCodes.interrupted : exitCodes.done;
    }
    if (values.speed !== undefined) throw new UsageError("--speed goes with --replay");
    const access = findHub(values);
    const view = openView(access.stack, Date.now());
    // A run of this machine takes its hub along when it ends.
    const onLost = (): void => (values.hub === undefined ? stop.abort() : view.lose());
    await followStack(access, (event) => view.see(event, Date.now()), stop.signal, onLost).finally(() => view.close());
    return exitCodes.done;
  },
} satisfies Command;

function readSpeed(text = "1"): number {
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed < 0 || text.trim() === "") throw new UsageError(`--speed ${text} is no number from 0 on`);
  return speed === 0 ? Infinity : speed;
}

async function replay(events: RecordedEvent[], speed: number, view: View, signal: AbortSignal): Promise<void> {
  let nowMs = events[0]?.atMs ?? 0;
  for (const { atMs, event } of events) {
    // Rejects only when it is stopped.
    await delay((atMs - nowMs) / speed, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    nowMs = atMs;
    view.see(event, nowMs);
  }
}

interface View {
  /** Shows the picture after `event`, at `nowMs` by the clock of the run. */
  see(event: StackEvent, nowMs: number): void;
  /** The hub cannot be reached just now. */
  lose(): void;
  close(): void;
}

function openView(stack: string, startMs: number): View {
  let picture = emptyPicture;
  if (!isLiveTerminal(process.stdout)) {
    const plain = plainView(startMs);
    return {
      see(event) {
        const before = picture;
        picture = updatePicture(picture, event);
        for (const status of changedRoles(before, event)) plain.role(status, picture);
      },
      lose: () => void process.stderr.write("the hub cannot be reached; trying again\n"),
      close: () => {},
    };
  }
  const usual = stack === "" ? {} : (readHistory(stack)?.roles ?? {});
  const screen = new Screen(process.stdout, "whole");
  // Of the run's clock beside ours, so that what runs goes on running between two events.
  let aheadMs = 0;
  let isNew = true;
  let isLost = false;
  let drawnMs = 0;
  const draw = (): void => {
    isNew = false;
    drawnMs = Date.now();
    const firstMs = Math.min(startMs, ...[...picture.vms.values()].map((vm) => vm.startedMs));
    const frame = { roles: rolesOf(picture), picture, usual, startMs: firstMs, nowMs: drawnMs + aheadMs };
    const { columns, rows } = screen.size;
    const lines = drawFrame({ ...frame, columns, rows: isLost ? rows - 1 : rows });
    screen.draw(isLost ? [...lines, [{ text: "  the hub cannot be reached; trying again", style: "yellow" }]] : lines);
  };
  const timer = setInterval(() => (isNew || Date.now() - drawnMs >= 1000) && draw(), 100);
  process.stdout.on("resize", draw);
  return {
    see(event, nowMs) {
      picture = updatePicture(picture, event);
      aheadMs = nowMs - Date.now();
      isLost = false;
      isNew = true;
    },
    lose() {
      isNew ||= !isLost;
      isLost = true;
    },
    close() {
      clearInterval(timer);
      process.stdout.off("resize", draw);
      screen.close();
      draw();
    },
  };
}

function changedRoles(before: Picture, event: StackEvent): RoleStatus[] {
  if (event.type === "role") return [event.status];
  if (event.type !== "snapshot") return [];
  return event.status.roles
    .filter(({ id, atMs }) => before.roles.get(id)?.atMs !== atMs)
    .toSorted((left, right) => left.atMs - right.atMs);
}

// By their vms' names; a role that was only reported comes last.
function rolesOf({ outlines, roles }: Picture): string[] {
  const told = sortOutlines(outlines).flatMap((outline) => outline.roles.map(({ id }) => id));
  return [...new Set([...told, ...roles.keys()])];
}
