import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { renderUserData } from "./render-user-data.ts";

const identity = {
  format: 1,
  stack: "shop",
  vm: "db",
  hubs: ["https://10.0.0.2:8470"],
  token: "t",
  sealKey: "s",
  carrier: { kind: "file" as const, path: "/etc/weft/deployment.json" },
  program: { sha256: "a" },
  runtime: {},
};

function deploymentWith(value: string): Parameters<typeof renderUserData>[0]["deployment"] {
  const rights = { read: [], write: [], choose: [] };
  const plan = { format: 1, vm: "db", order: "listed" as const, roles: [], facts: [], rights };
  return { format: 1, generation: "g", plan, tag: "x", values: { value } };
}

function render(value: string, text: string): string {
  return renderUserData({
    parts: [{ subtype: "plain", text }],
    identity,
    deployment: deploymentWith(value),
    digests: { agent: "a", hub: "h", page: "p", runtime: { x64: "b" } },
    compress: (long) => gzipSync(long).toString("base64"),
  });
}

test("cloud-init's reader finds the user's part as it was, and after it, by name, the script", () => {
  const text = "#!/bin/sh\necho 'ä € 𝄞' \"$HOME\" \\ `x` {{y}}\n\n--not a boundary\n";
  const script =
    "import email,json,sys; print(json.dumps([[p.get_content_type(), p.get_filename(), p.get_payload(decode=True).decode()] for p in email.message_from_string(sys.stdin.read()).get_payload()]))";
  const parts = JSON.parse(execFileSync("python3", ["-c", script], { input: render("v", text), encoding: "utf8" })) as string[][];
  expect(parts.map(([type, name]) => [type, name])).toEqual([
    ["text/x-shellscript", "zzzz-weft"],
    ["text/plain", null],
  ]);
  expect(parts[1]?.[2]).toBe(text);
});

test.for(["'\"\n$HOME `x` \\ {{y}} WEFT-END\nWEFT-END\nä\u2028", "x".repeat(20_000)])(
  "the script writes the deployment as it was, short or long, whatever its values hold: %#",
  (value) => {
    const [, start = ""] = /filename="zzzz-weft"\n\n([\s\S]*)/.exec(render(value, "")) ?? [];
    // Only what writes the file is run, and into standard output.
    const [, writing = ""] =
      /^((?:cat > \/etc\/weft\/deployment\.json <<'WEFT-END'|base64 -d <<'WEFT-END' \| gzip -d > \/etc\/weft\/deployment\.json)\n[^\n]*\nWEFT-END\n)/m.exec(
        start,
      ) ?? [];
    const written = execFileSync("sh", ["-c", writing.replace(" > /etc/weft/deployment.json", "")], { encoding: "utf8" });
    expect(JSON.parse(written)).toEqual(deploymentWith(value));
  },
);

test("ten roles of 2 kB each, which no packing makes smaller, fit one vm's user_data", () => {
  const scripts = Array.from({ length: 10 }, () => randomBytes(1024).toString("hex")).join("\n");
  expect(Buffer.byteLength(render(scripts, "#!/bin/sh\n"))).toBeLessThan(49_149);
});
