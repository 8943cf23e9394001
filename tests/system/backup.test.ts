// `weft backup` of a running hub, and a hub started on the copy.
import { copyFileSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { operatorToken } from "../../src/hub/tokens.ts";
import { makeFolder, runCommand, startHubProgram, tokenKey } from "./hub-program.ts";

test("a hub goes on from a backup of another one", async () => {
  const folder = makeFolder();
  const { url } = await startHubProgram(folder);
  const cell = "v1/stacks/shop/cells/db.mysql.port?generation=g1";
  const headers = { authorization: `Bearer ${operatorToken(tokenKey, "shop")}` };
  expect((await fetch(`${url}/${cell}`, { method: "PUT", body: "3306", headers })).status).toBe(201);
  const file = join(folder, "copy.sqlite");
  const key = { WEFT_TOKEN_KEY: tokenKey };
  expect(await runCommand(["backup", "--hub", url, file], key)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await runCommand(["backup", "--hub", url, file], key)).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("exist"),
  });
  const wrong = { WEFT_TOKEN_KEY: "another key of some length" };
  const other = join(folder, "other.sqlite");
  expect(await runCommand(["backup", "--hub", url, other], wrong)).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("401"),
  });
  expect(readdirSync(folder)).not.toContain("other.sqlite");

  const second = makeFolder();
  mkdirSync(join(second, "weft-data"), { mode: 0o700 });
  copyFileSync(file, join(second, "weft-data", "weft.sqlite"));
  const restored = await startHubProgram(second);
  const answer = await fetch(`${restored.url}/${cell}`, { headers });
  expect(await answer.json()).toMatchObject({ state: "value", value: 3306 });
});
