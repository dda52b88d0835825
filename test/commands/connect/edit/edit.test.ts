/** Edits by position: the value stands where it should, and every other byte is as it was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Format, Step, Value } from "../../../../src/client/client.ts";
import { formatDocument } from "../../../../src/client/format.ts";
import { applyEdits, EDITORS } from "../../../../src/commands/connect/edit/apply.ts";
import { EditError } from "../../../../src/commands/connect/edit/edit.ts";
import { scan } from "../../../../src/commands/connect/edit/scan.ts";

const set = (format: Format, text: string, path: readonly Step[], value: Value): string =>
  applyEdits(text, format, [{ path, value }], false);

test("JSON: a member is added in the way in which the others stand", () => {
  for (const [text, expected] of [
    ["{}", '{\n  "x": 1\n}'],
    ["{ }\n", '{\n  "x": 1\n}\n'],
    ['{ "a": 1 }', '{ "a": 1, "x": 1 }'],
    ['{"a":1}', '{"a":1, "x": 1}'],
    ['{\n\t"a": 1\n}', '{\n\t"a": 1,\n\t"x": 1\n}'],
    ['{\n  "a": 1,\n}', '{\n  "a": 1,\n  "x": 1,\n}'],
    ['{\n  "a": 1 // one\n}', '{\n  "a": 1, // one\n  "x": 1\n}'],
    ['{\n  "a": 1, // one\n  // end\n}', '{\n  "a": 1, // one\n  // end\n  "x": 1,\n}'],
    ['{ "a": 1 // one\n}', '{ "a": 1, // one\n"x": 1\n}'],
    ["{\n  // nothing yet\n}", '{\n  // nothing yet\n  "x": 1\n}'],
    ['{\r\n  "a": 1\r\n}', '{\r\n  "a": 1,\r\n  "x": 1\r\n}'],
    ["{a: 'b',}", "{a: 'b', \"x\": 1}"],
    ['\uFEFF{ "a": 1 }', '\uFEFF{ "a": 1, "x": 1 }'],
    ['{ "x": { "old": true } }', '{ "x": 1 }'],
    ['{ "x": 0, "x": 2 }', '{ "x": 0, "x": 1 }'],
  ] as const)
    assert.equal(set("json", text, ["x"], 1), expected);
});

test("JSON: holders that are missing are made, and an item is found by one of its keys", () => {
  assert.equal(set("json", '{ "a": {} }', ["a", "b", "c"], 1), '{ "a": {\n  "b": { "c": 1 }\n} }');
  const list = '[{ "n": "one", "v": 1 }, { "n": "two", "v": 2 }]';
  assert.equal(set("json", list, [{ key: "n", is: "two" }, "v"], 3), list.replace('"v": 2', '"v": 3'));
  assert.equal(
    set("json", '{ "l": [\n  1\n] }', ["l", { key: "n", is: "x" }], { n: "x" }),
    '{ "l": [\n  1,\n  { "n": "x" }\n] }',
  );
});

test("JSON5 is read as its specification says", () => {
  const text = `{ /* c */ unquoted: 'single "q"', "line \\
two": 1, $_é: [0x1F, +.5, -1e3, Infinity, 5.,], nul: null, t: true, "\\u0041\\x42\\n": 'it\\'s' }`;
  assert.deepEqual(scan(text)?.value, {
    unquoted: 'single "q"',
    "line two": 1,
    $_é: [31, 0.5, -1000, Infinity, 5],
    nul: null,
    t: true,
    "AB\n": "it's",
  });
  assert.equal(scan(" // nothing\n"), undefined);
});

test("JSON that is broken names its line", () => {
  for (const [text, line] of [
    ['{\n"a" 1}', 2],
    ['{"a": 1\n"b": 2}', 2],
    ["{", 1],
    ["[1,,2]", 1],
    ['{"a": "x\n"}', 1],
    ["{} x", 1],
    ["{}\n/* open", 2],
    ["nope", 1],
    ["[".repeat(2000), 1],
  ] as const)
    assert.throws(
      () => scan(text),
      (error) => error instanceof EditError && error.message.startsWith(`line ${line}:`),
      text.slice(0, 20),
    );
});

test("YAML: members and items are put behind the last one, whatever its layout", () => {
  for (const [text, path, value, expected] of [
    ["a: 1", ["x"], 1, "a: 1\nx: 1\n"],
    ["a: 1 # one\n# end\n", ["x"], 1, "a: 1 # one\nx: 1\n# end\n"],
    ["a:\n    b: 1\n", ["a", "x"], 1, "a:\n    b: 1\n    x: 1\n"],
    ["a:\nb: 2\n", ["a", "x"], 1, "a:\n  x: 1\nb: 2\n"],
    ["a: ~\n", ["a", "x"], 1, "a: \n  x: 1\n"],
    ["a: null # none\nb: 2\n", ["a", "x"], 1, "a: \n  x: 1 # none\nb: 2\n"],
    ["a: &name\n", ["a", "x"], 1, "a: &name\n  x: 1\n"],
    ["a: *missing\n", ["x"], 1, undefined],
    ["\uFEFFa: 1\n", ["x"], 1, "\uFEFFa: 1\nx: 1\n"],
    ["\uFEFFa:\n  b: 1\n", ["a", "x"], 1, "\uFEFFa:\n  b: 1\n  x: 1\n"],
    ["l: []\nb: 1\n", ["l", { key: "n", is: "x" }], { n: "x" }, 'l: \n  - "n": x\nb: 1\n'],
    [
      "l:\n- n: a\n  t: |\n    text\nb: 1\n",
      ["l", { key: "n", is: "x" }],
      { n: "x" },
      'l:\n- n: a\n  t: |\n    text\n- "n": x\nb: 1\n',
    ],
    ["l:\n  - n: x\n    v: 1\n", ["l", { key: "n", is: "x" }, "v"], 2, "l:\n  - n: x\n    v: 2\n"],
    ["a: 'old' # why\n", ["a"], "no", 'a: "no" # why\n'],
    ["a: 1\r\n", ["x"], 1, "a: 1\r\nx: 1\r\n"],
    ["# nothing\n", ["x"], 1, "# nothing\nx: 1\n"],
    ["? complex key\n: 1\n", ["x"], 1, "? complex key\n: 1\nx: 1\n"],
  ] as const) {
    if (expected === undefined) assert.throws(() => set("yaml", text, path, value), EditError, text);
    else assert.equal(set("yaml", text, path, value), expected);
  }
});

test("TOML: keys go to the top, tables to the end or in the place of the old one", () => {
  for (const [text, path, value, expected] of [
    ["", ["x"], "a", 'x = "a"\n'],
    ["# c\n", ["x"], 1, "# c\nx = 1\n"],
    ["[t]\na = 1\n", ["x"], 1, "x = 1\n\n[t]\na = 1\n"],
    ["\uFEFF[t]\na = 1\n", ["x"], 1, "\uFEFFx = 1\n\n[t]\na = 1\n"],
    ["# file\n\n# table\n[t]\n", ["x"], 1, "# file\n\nx = 1\n\n# table\n[t]\n"],
    ["a = 1 # one\n\n[t]\nx = 2\n", ["x"], 1, "a = 1 # one\nx = 1\n\n[t]\nx = 2\n"],
    ['x = """\n[no]\n""" # why\n', ["x"], 1, "x = 1 # why\n"],
    ["x = [1, # one\n 2]\ny=1", ["x"], 1, "x = 1\ny=1"],
    ["a = 1", ["x"], 1, "a = 1\nx = 1\n"],
    ["a = 1\n", ["t", "u"], { b: 1 }, "a = 1\n\n[t.u]\nb = 1\n"],
    ["[t.u] # mine\nb = 2\n[t.u.v]\nc = 3\n\n[w]\n", ["t", "u"], { b: 1 }, "[t.u]\nb = 1\n\n[w]\n"],
    ['["t" . u]\nb = 2 # two\n', ["t", "u"], { b: 1 }, "[t.u]\nb = 1 # two\n"],
    ["a = 1\r\n", ["t"], { b: { c: "d" } }, 'a = 1\r\n\r\n[t.b]\r\nc = "d"\r\n'],
  ] as const)
    assert.equal(set("toml", text, path, value), expected);
});

test("a value is written so that its syntax reads it back", () => {
  const value = {
    plain: "text",
    url: "http://localhost:3456/v1",
    odd: "a: b # c",
    words: ["yes", "no", "1.0", "", " x", "-", "~", "null", "a'b\"c"],
    number: 1,
    truth: false,
    holder: { inner: { deep: "x" }, list: ["a", "b"] },
    items: [{ name: "one", tags: ["t"] }, { name: "two" }],
  };
  const { items: _items, ...flat } = value;
  assert.deepEqual(EDITORS.json.parse(formatDocument(value, "json")), value);
  assert.deepEqual(EDITORS.yaml.parse(formatDocument(value, "yaml")), value);
  assert.deepEqual(structuredClone(EDITORS.toml.parse(formatDocument(flat, "toml"))), flat);
});
