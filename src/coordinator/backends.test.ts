import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openCoordinator } from "./backends.ts";

test("the URL's scheme chooses the coordinator", async () => {
  const directory = mkdtempSync(join(tmpdir(), "weft-backends-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const url of ["memory:", `embedded:${join(directory, "deeper")}`]) {
    await using coordinator = await openCoordinator(url);
    expect(await coordinator.write("key", url, "absent")).toMatchObject({ written: true });
  }
});

test.for(["oracle://x", "memory", "toString:x", ""])("%j is refused with the ones that there are", async (url) => {
  await expect(openCoordinator(url)).rejects.toMatchObject({
    reaction: "give-up",
    code: "bad-url",
    message: expect.stringContaining("memory:, embedded:./weft-data, etcd://"),
  });
});

test.for(["zookeeper://", "zookeeper://h:port/weft", "zookeeper://h//weft", "zookeeper+tls://u@h", "zookeeper://h/weft?x=y"])(
  "%j is refused as incomplete or mistaken",
  async (url) => {
    await expect(openCoordinator(url)).rejects.toMatchObject({ reaction: "give-up", code: "bad-url" });
  },
);

test.for(["embedded:", "http://127.0.0.1:1", "http:// bad"])("%j is refused as incomplete", async (url) => {
  await expect(openCoordinator(url)).rejects.toMatchObject({ reaction: "give-up", code: "bad-url" });
});
