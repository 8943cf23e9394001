// weft put CELL VALUE: settles a cell of a running stack by hand, as its operator.
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { parseCellId } from "../../model/cell.ts";
import { Failure } from "../../model/failure.ts";
import type { Json } from "../../model/json.ts";
import { askHub } from "../../monitor/follow.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "settle a cell by hand",
  help: `
usage: weft put CELL VALUE [--string] [--hub URL --stack NAME --token TOKEN]

Settles a cell, VM.ROLE.OUTPUT, in the place of the role that would write it: whoever waits for it goes on. A cell is
settled once; the same value again is no error, another one is refused.

  VALUE      JSON; what is no JSON is a text; - reads standard input, without its last newline
  --string   VALUE is a text, even where it looks like JSON
${accessHelp}

exit: 0 settled, 2 usage, 3 refused: the cell has another value, 4 hub unreachable`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...accessFlags, string: { type: "boolean" } },
    });
    const [cell, given, ...more] = positionals;
    if (cell === undefined || given === undefined || more.length > 0)
      throw new UsageError("name a cell and its value: weft put VM.ROLE.OUTPUT VALUE");
    if (parseCellId(cell) === undefined) throw new UsageError(`${cell} is no cell: a cell is named VM.ROLE.OUTPUT`);
    const access = findHub(values);
    const raw = given === "-" ? (await text(process.stdin)).replace(/\n$/, "") : given;
    const value = values.string === true ? raw : parseValue(raw);
    if (value === null) throw new UsageError("null is not a value");
    try {
      await askHub(access, `cells/${encodeURIComponent(cell)}`, { method: "PUT", body: JSON.stringify(value) });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "conflict") throw error;
      process.stderr.write(`weft: ${error.message}\n`);
      return exitCodes.failed;
    }
    return exitCodes.done;
  },
} satisfies Command;

function parseValue(raw: string): Json {
  try {
    return JSON.parse(raw) as Json;
  } catch {
    return raw;
  }
}
