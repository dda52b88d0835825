/** Lines out of bytes: the same lines wherever the bytes are cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLineSplitter } from "../../src/lib/ndjson.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

/** All lines of a text that arrives in these chunks. */
function split(chunks: readonly Uint8Array[], limit?: number): string[] {
  const splitter = createLineSplitter(limit);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

const WORDS = ['{"a":1}', '{"é":"ß€"}', '{"emoji":"👩‍👩‍👧 🎉"}', '{"crlf":true}', '"日本語"', '{"last":"ü"}'];
const TEXT = `${WORDS[0]}\n${WORDS[1]}\n\n${WORDS[2]}\n${WORDS[3]}\r\n\r\n${WORDS[4]}\n${WORDS[5]}`;

test("a text gives the same lines wherever it is cut in two", () => {
  const all = bytes(TEXT);
  for (let at = 0; at <= all.length; at++) {
    assert.deepEqual(split([all.subarray(0, at), all.subarray(at)]), WORDS, `cut at byte ${at}`);
  }
});

test("a text that comes byte by byte gives the same lines", () => {
  const all = bytes(TEXT);
  assert.deepEqual(split(Array.from(all, (byte) => Uint8Array.of(byte))), WORDS);
});

test("a text cut in three at every pair of places gives the same lines", () => {
  const all = bytes('{"a":"é"}\r\n{"b":"🎉"}\n');
  for (let first = 0; first <= all.length; first++) {
    for (let second = first; second <= all.length; second++) {
      const chunks = [all.subarray(0, first), all.subarray(first, second), all.subarray(second)];
      assert.deepEqual(split(chunks), ['{"a":"é"}', '{"b":"🎉"}'], `cut at ${first} and ${second}`);
    }
  }
});

test("a line is given as soon as its newline has come, and not before", () => {
  const splitter = createLineSplitter();
  assert.deepEqual(splitter.push(bytes('{"a"')), []);
  assert.deepEqual(splitter.push(bytes(":1}")), []);
  assert.deepEqual(splitter.push(bytes('\n{"b"')), ['{"a":1}']);
  assert.deepEqual(splitter.push(bytes(":2}\n")), ['{"b":2}']);
  assert.deepEqual(splitter.end(), []);
});

test("a last line without a newline is given at the end, once", () => {
  const splitter = createLineSplitter();
  assert.deepEqual(splitter.push(bytes("a\nlast")), ["a"]);
  assert.deepEqual(splitter.end(), ["last"]);
  assert.deepEqual(splitter.end(), []);
});

test("lines that are empty or hold only a carriage return are left out", () => {
  assert.deepEqual(split([bytes("\n\n\r\n\n")]), []);
  assert.deepEqual(split([bytes("")]), []);
});

test("only the carriage return that ends a line is taken off", () => {
  assert.deepEqual(split([bytes("a\rb\r\r\n")]), ["a\rb\r"]);
});

test("bytes that are no UTF-8 become replacement characters and leave the next line whole", () => {
  assert.deepEqual(split([Uint8Array.of(0x61, 0xff, 0x0a), bytes("b\n")]), ["a\ufffd", "b"]);
});

test("a character that is cut off by the end becomes a replacement character", () => {
  assert.deepEqual(split([bytes("aé").subarray(0, 2)]), ["a\ufffd"]);
});

test("a line of exactly the limit is read, and one longer is refused", () => {
  assert.deepEqual(split([bytes("12345678\n")], 8), ["12345678"]);
  assert.throws(() => split([bytes("123456789\n")], 8), new RangeError("Cannot read line: longer than 8 characters"));
});

test("the limit holds for a line that never ends, whatever its chunks", () => {
  const splitter = createLineSplitter(8);
  for (let at = 0; at < 8; at++) assert.deepEqual(splitter.push(bytes("x")), []);
  assert.throws(() => splitter.push(bytes("x")), RangeError);
});

test("the limit counts one line, not the stream", () => {
  const lines = Array.from({ length: 100 }, (_, at) => `line${at}`);
  assert.deepEqual(split([bytes(lines.join("\n"))], 8), lines);
});

test("a line of many thousand chunks is read whole", () => {
  const splitter = createLineSplitter();
  const piece = bytes("0123456789".repeat(10));
  for (let at = 0; at < 50_000; at++) assert.deepEqual(splitter.push(piece), []);
  const [line] = splitter.push(bytes("\n"));
  assert.equal(line?.length, 5_000_000);
  assert.ok(line.startsWith("0123456789") && line.endsWith("0123456789"));
});

test("many lines in one chunk keep their order", () => {
  const lines = Array.from({ length: 10_000 }, (_, at) => `{"at":${at}}`);
  assert.deepEqual(split([bytes(`${lines.join("\n")}\n`)]), lines);
});
