// `weft check --watch` as an editor's user has it: saved by writing and by replacing, an included file, Ctrl-C.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./stack-bed.ts";

test("check --watch checks again when the template, an included file or a folder that travels changes, and ends with Ctrl-C", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-watch-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const template = join(folder, "stack.yaml");
  const server = "type: OS::Nova::Server, properties: {image: i, flavor: f, user_data: {get_file: boot.sh}}";
  writeFileSync(template, `heat_template_version: 2018-08-31\nresources: {db: {${server}}}\n`);

  const child = spawn(process.execPath, [join(root, "bin/weft.js"), "check", "--watch", template]);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let text = "";
  const said = async (words: string): Promise<void> => {
    while (!text.includes(words)) text += String((await once(child.stderr, "data"))[0]);
    text = text.slice(text.indexOf(words) + words.length);
  };
  await said("1 error\n");
  // Watching begins right after the words: save until it is noticed.
  const saveUntilSaid = async (save: () => void, words: string): Promise<void> => {
    const timer = setInterval(save, 200);
    save();
    await said(words).finally(() => clearInterval(timer));
  };
  await saveUntilSaid(() => writeFileSync(join(folder, "boot.sh"), "echo\n"), "nothing to complain about\n");
  const replace = (): void => {
    writeFileSync(
      join(folder, "new"),
      `heat_template_version: 2018-08-31\nresources: {db: {${server.replace("image", "imaga")}}}\n`,
    );
    renameSync(join(folder, "new"), template);
  };
  await saveUntilSaid(replace, '"imaga"');

  const weft = "metadata: {weft: {tool: puppet, roles: [{name: app, run: include app, options: {modulepath: modules}}]}}";
  mkdirSync(join(folder, "modules/app"), { recursive: true });
  const travelling = `${server.replace("{get_file: boot.sh}", "x")}, ${weft}`;
  await saveUntilSaid(
    () => writeFileSync(template, `heat_template_version: 2018-08-31\nresources: {db: {${travelling}}}\n`),
    "nothing to complain about\n",
  );
  await saveUntilSaid(
    () => writeFileSync(join(folder, "modules/app/big"), "x".repeat(262_145)),
    "modules/app/big (262145 bytes)",
  );
  child.kill("SIGINT");
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(130);
});
