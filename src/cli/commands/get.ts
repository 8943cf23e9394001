// weft get CELL: the value of a cell of a running stack, as its operator.
import { parseArgs } from "node:util";
import { type CellRecord, parseCellId, parseFailure } from "../../model/cell.ts";
import { askHub } from "../../monitor/follow.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "print the value of a cell",
  help: `
usage: weft get CELL [--wait SECONDS] [--json] [--hub URL --stack NAME --token TOKEN]

Prints the value of a cell, VM.ROLE.OUTPUT: a text as it is, anything else as JSON, and one newline.

  --wait SECONDS  wait so long for a cell that is pending
  --json          the whole record: value, who wrote it, when, in which attempt
${accessHelp}

exit: 0 printed, 2 usage, 3 the cell is pending, absent, failed or sealed, 4 hub unreachable`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...accessFlags, wait: { type: "string" }, json: { type: "boolean" } },
    });
    const [cell, ...more] = positionals;
    if (cell === undefined || more.length > 0) throw new UsageError("name one cell: weft get VM.ROLE.OUTPUT");
    if (parseCellId(cell) === undefined) throw new UsageError(`${cell} is no cell: a cell is named VM.ROLE.OUTPUT`);
    const wait = values.wait ?? "0";
    if (!/^\d+(\.\d+)?$/.test(wait)) throw new UsageError(`--wait ${wait} is no number of seconds`);
    const answer = await askHub(findHub(values), `cells/${encodeURIComponent(cell)}?wait=${wait}`);
    const record = (await answer.json()) as CellRecord | { state: "pending" };
    const isSealed = record.state === "value" && record.sealed === true;
    if (values.json === true) process.stdout.write(`${JSON.stringify(record)}\n`);
    else if (record.state === "value" && !isSealed)
      process.stdout.write(`${typeof record.value === "string" ? record.value : JSON.stringify(record.value)}\n`);
    if (record.state === "value" && (!isSealed || values.json === true)) return exitCodes.done;
    process.stderr.write(`weft: ${explain(cell, record)}\n`);
    return exitCodes.failed;
  },
} satisfies Command;

function explain(cell: string, record: CellRecord | { state: "pending" }): string {
  switch (record.state) {
    case "value":
      return `${cell} is a secret, sealed by ${record.by}: only the stack's vms can open it`;
    case "pending":
      return `${cell} is pending: nobody has written it yet\nhint: "weft why VM.ROLE" tells what its role waits for; --wait waits`;
    case "absent":
      return `${cell} is absent: ${record.by} has ended well without writing it`;
    case "failed":
      return `${cell} has failed: ${parseFailure(record.origin).role}: ${record.error}`;
  }
}
