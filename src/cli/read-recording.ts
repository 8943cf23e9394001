// Reads a recorded run from a file that the command line names.
import { readFileSync } from "node:fs";
import { messageOf } from "../model/failure.ts";
import { parseRecording, type RecordedEvent } from "../monitor/recording.ts";
import { UsageError } from "./command.ts";

/** Reads `--replay FILE`; fails with UsageError. */
export function readRecording(file: string): RecordedEvent[] {
  try {
    return parseRecording(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--replay ${file}: ${messageOf(error)}`);
  }
}
