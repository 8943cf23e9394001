import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { describeCommands } from "./cli-commands.ts";
import { completionScript, flagsOf } from "./completion-script.ts";

async function complete(...words: string[]): Promise<string[]> {
  const script = completionScript("bash", await describeCommands());
  const ask = `COMP_WORDS=(weft ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _weft; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", `${script}\n${ask}`], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

test("bash completes commands, and the flags that a command's help names", async () => {
  expect(await complete("wa")).toEqual(["watch"]);
  expect(await complete("up", "--coo")).toEqual(["--coordinator"]);
  expect(await complete("hub", "--tls-")).toEqual(["--tls-cert", "--tls-key"]);
});

test("every command is in every shell's script", async () => {
  const commands = await describeCommands();
  for (const shell of ["zsh", "fish"] as const) {
    const script = completionScript(shell, commands);
    for (const { name } of commands) expect(script).toContain(name);
  }
});

test("a flag is completed as it is written", () => {
  expect(flagsOf({ name: "x", summary: "", help: "-e, --environment ENV  and --keep-generations N" })).toEqual([
    "--help",
    "--environment",
    "--keep-generations",
  ]);
});
