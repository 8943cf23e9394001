// weft events: what happens in a running stack, a line for each event, until Ctrl-C.
import { parseArgs } from "node:util";
import { showCell } from "../../model/cell.ts";
import { followStack } from "../../monitor/follow.ts";
import {
  type CellState,
  emptyPicture,
  listCells,
  type Picture,
  roleLine,
  type StackEvent,
  type StackStatus,
  updatePicture,
} from "../../monitor/picture.ts";
import { exitCodes, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "tell what happens in a running stack, as it happens",
  help: `
usage: weft events [--json] [--hub URL --stack NAME --token TOKEN]

Tells what has happened in a running stack and what happens now, an event a line, until Ctrl-C: roles that change their
state, cells that are settled (never their values), agents that come and go. Lost connections are made again.

  --json         one JSON object a line: {type: "role", id, state, ...}, {type: "cell", cell, state, by, ...},
                 {type: "vm", vm, present, ...}; times are wall clocks in ms
${accessHelp}`,
  async run(args) {
    const { values } = parseArgs({ args, options: { ...accessFlags, json: { type: "boolean" } } });
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    let picture = emptyPicture;
    await followStack(
      findHub(values),
      (event) => {
        const news = event.type === "snapshot" ? findNews(picture, event.status) : [event];
        picture = updatePicture(picture, event);
        for (const item of news) process.stdout.write(`${values.json === true ? toJson(item) : toLine(item, picture)}\n`);
      },
      stop.signal,
    );
    return exitCodes.done;
  },
} satisfies Command;

type Item = Exclude<StackEvent, { type: "snapshot" }>;

/** What a snapshot tells beyond what is known: all of it at first, what was missed after a lost connection. */
function findNews(known: Picture, { roles, vms, cells, outlines }: StackStatus): Item[] {
  const gone = [...known.vms.keys()].filter((vm) => !vms.some((present) => present.vm === vm));
  const news: Item[] = [
    ...gone.map((vm): Item => ({ type: "vm", vm, present: false })),
    ...outlines
      .filter(({ vm, atMs }) => known.outlines.get(vm)?.atMs !== atMs)
      .map((outline): Item => ({ type: "outline", outline })),
    ...vms
      .filter(({ vm, instance }) => known.vms.get(vm)?.instance !== instance)
      .map((presence): Item => ({ type: "vm", vm: presence.vm, present: true, presence })),
    ...cells.filter(({ cell }) => !known.cells.has(cell)).map((cell): Item => ({ type: "cell", cell })),
    ...roles.filter(({ id, atMs }) => known.roles.get(id)?.atMs !== atMs).map((status): Item => ({ type: "role", status })),
  ];
  return news.toSorted((left, right) => timeOf(left) - timeOf(right));
}

function timeOf(item: Item): number {
  switch (item.type) {
    case "role":
      return item.status.atMs;
    case "cell":
      return item.cell.atMs;
    case "outline":
      return item.outline.atMs;
    case "vm":
      return item.presence?.startedMs ?? Date.now();
  }
}

function toJson(item: Item): string {
  switch (item.type) {
    case "role":
      return JSON.stringify({ type: "role", ...item.status });
    case "cell":
      return JSON.stringify({ type: "cell", ...item.cell });
    case "outline":
      return JSON.stringify({ type: "outline", ...item.outline });
    case "vm":
      return JSON.stringify({ type: "vm", vm: item.vm, present: item.present, atMs: timeOf(item), ...item.presence });
  }
}

function toLine(item: Item, picture: Picture): string {
  switch (item.type) {
    case "role": {
      const { id, state, waitingFor, atMs } = item.status;
      const waits = waitingFor.map(({ cell }) => showCell(cell));
      const text =
        state === "waiting" && waits.length > 0 ? `waits for ${listCells(waits)}` : roleLine(picture, item.status, atMs);
      return `${clock(atMs)}  ${id} ${text}`;
    }
    case "cell":
      return `${clock(item.cell.atMs)}  ${showCell(item.cell.cell)} ${cellLine(item.cell)}`;
    case "outline":
      return `${clock(item.outline.atMs)}  ${item.outline.vm} has ${item.outline.roles.length} roles`;
    case "vm":
      return item.present
        ? `${clock(item.presence?.startedMs ?? Date.now())}  the agent of ${item.vm} is there, at ${item.presence?.address}`
        : `${clock(Date.now())}  the agent of ${item.vm} is gone`;
  }
}

function cellLine({ state, by, attempt }: CellState): string {
  const what = state === "value" ? "has a value" : state === "absent" ? "is absent" : "has failed";
  return `${what}, by ${by}${attempt === undefined || attempt === 1 ? "" : ` in attempt ${attempt}`}`;
}

function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}
