// weft events: what happens in a running stack, a line for each event, until Ctrl-C.
import { parseArgs } from "node:util";
import { showCell } from "../../model/cell.ts";
import { followStack } from "../../monitor/follow.ts";
import { type CellState, emptyPicture, listCells, type Picture, roleLine, updatePicture } from "../../monitor/picture.ts";
import { type News, newsOf, recordEvent } from "../../monitor/recording.ts";
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
        const news = newsOf(picture, event);
        picture = updatePicture(picture, event);
        for (const item of news)
          process.stdout.write(`${values.json === true ? recordEvent(item, Date.now()) : toLine(item, picture)}\n`);
      },
      stop.signal,
    );
    return exitCodes.done;
  },
} satisfies Command;

function toLine(item: News, picture: Picture): string {
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
