import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Note, parseNotes, showAsYaml, sumUp } from "./notes.ts";

test("what was only tested is optional, what was used is not, in whatever order", () => {
  const notes: Note[] = [
    { read: "a", optional: true },
    { read: "b", optional: true },
    { read: "a" },
    { read: "a", optional: true },
  ];
  expect(sumUp(notes, false).inputs).toEqual([
    { name: "a", optional: false },
    { name: "b", optional: true },
  ]);
});

test("what a role has written itself is no input, and what it was given is no output", () => {
  const notes: Note[] = [
    { write: "url", value: "x" },
    { read: "url" },
    { read: "app::port", type: "number" },
    { write: "port", source: "$app::port", value: 1 },
  ];
  expect(sumUp(notes, false)).toEqual({
    inputs: [{ name: "app::port", optional: false, type: "number" }],
    outputs: [{ name: "url", type: "string" }],
  });
});

test("where inputs are roots, their parts make maps of them, and variables of other vms stay whole", () => {
  const notes: Note[] = [
    { read: "db", optional: true },
    { read: "db.host" },
    { read: "hostvars.db" },
    { read: "hostvars.db.port" },
  ];
  expect(sumUp(notes, true).inputs).toEqual([
    { name: "db", optional: false, type: "json" },
    { name: "hostvars.db.port", optional: false },
  ]);
});

test("a map is no input where its parts are", () => {
  const notes: Note[] = [{ read: "db" }, { read: "db.host" }, { read: "dbx" }, { read: "db.tls", optional: true }];
  expect(sumUp(notes, false).inputs.map(({ name }) => name)).toEqual(["db.host", "dbx", "db.tls"]);
});

test("outputs get names that a template may have, each its own, and the types of their values", () => {
  const notes: Note[] = [
    { write: "port", source: "$a::port", value: 1 },
    { write: "port", source: "$b::port", value: true },
    { write: "1st.list", value: [] },
    { write: "count", text: "3" },
    { write: "map", text: '{"a": 1}' },
    { write: "word", text: "{not json" },
  ];
  expect(sumUp(notes, false).outputs).toEqual([
    { name: "port", from: "$a::port", type: "number" },
    { name: "b_port", from: "$b::port", type: "boolean" },
    { name: "_1st_list", from: "1st.list", type: "json" },
    { name: "count", type: "number" },
    { name: "map", type: "json" },
    { name: "word", type: "string" },
  ]);
});

test("the YAML is one, with optional inputs as comments", () => {
  const notes = '{"read":"app::port"}\n{"read":"b","optional":true}\n{"write":"url","source":"$app::url","value":"x"}\n';
  const text = showAsYaml(sumUp(parseNotes(notes), false));
  expect(text).toContain("  # b: {get_attr: [VM, OUTPUT]}   # has a default\n");
  expect(parse(text)).toEqual({
    inputs: { "app::port": { get_attr: ["VM", "OUTPUT"] } },
    outputs: { url: { from: "$app::url", type: "string" } },
  });
  expect(showAsYaml({ inputs: [], outputs: [] })).toBe("# it reads and writes nothing that a template could name\n");
});
