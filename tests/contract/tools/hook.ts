// The tool `hook:PATH` in the contract suite, with a hook of our own that runs scripts: the steps in bash.
import { join } from "node:path";
import { findCommand } from "../../../src/agent/find-command.ts";
import type { ToolUnderTest } from "../tool.ts";
import { quote } from "./quote.ts";
import { scriptUnderTest } from "./script.ts";

export const hookUnderTest: ToolUnderTest = {
  name: `hook:${join(import.meta.dirname, "contract-hook")}`,
  ...(findCommand("python3", process.env["PATH"]) === undefined ? { missing: "python3 is not installed" } : {}),
  startMs: 5000,
  gaps: {
    "a secret that was read and written leaves no trace on disk, and shows in no list of processes":
      "what a script leaves for its hook lies in files until the hook has ended; they go with the scratch folder",
  },
  compose: (steps, role) =>
    steps
      // What is passed on takes the hook's way of outputs.
      .map((step) =>
        step.do === "pass"
          ? `printf '"%s"\\n' "$(weft-get ${step.input})" > "$heat_outputs_path".${quote(step.output)}`
          : (scriptUnderTest.compose([step], role) as string),
      )
      .join("\n"),
};
