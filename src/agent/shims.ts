// Puts weft-get and weft-put where roles find them, in the language that this vm has.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCommand } from "./find-command.ts";
import { curlShim } from "./shims/curl-shim.ts";
import { perlShim } from "./shims/perl-shim.ts";

const noneShim = `#!/bin/sh
echo "$0 needs perl or curl on this vm: install one of them" >&2
exit 4
`;

/** Writes the shims into `folder`: in Perl if there is one, else for curl, else texts that say what is missing. */
export function writeShims(folder: string, path: string | undefined): void {
  const text = findCommand("perl", path) !== undefined ? perlShim : findCommand("curl", path) !== undefined ? curlShim : noneShim;
  mkdirSync(folder, { recursive: true });
  for (const name of ["weft-get", "weft-put"]) writeFileSync(join(folder, name), text, { mode: 0o755 });
}
