// Looks a command up in PATH, as a shell would.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Returns the path of an executable file, undefined when PATH has none of that name. */
export function findCommand(command: string, path: string | undefined): string | undefined {
  const candidates = command.includes("/") ? [command] : (path ?? "").split(delimiter).map((folder) => join(folder, command));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
