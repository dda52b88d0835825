/** The bounds of a request's body, which hold for all that is in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toBody } from "../../src/codec/field.ts";
import { finish } from "../../src/lib/work.ts";

/** A request whose calls have these arguments. */
const toRequest = (...texts: readonly string[]) => ({
  messages: texts.map((text) => ({ role: "assistant", tool_calls: [{ function: { name: "f", arguments: text } }] })),
});
/** The JSON text of an object with so many values. */
const toText = (values: number): string => JSON.stringify({ a: Array.from({ length: values - 1 }, () => 1) });

test("what calls bring as text counts with the body, all of it together", () => {
  const body = toRequest(toText(120_000), toText(120_000));
  assert.equal(finish(toBody(body)).object, body);
  const more = toRequest(toText(120_000), toText(120_000), toText(120_000));
  assert.throws(() => finish(toBody(more)), { message: "Cannot read messages: more than 250000 values" });
  const deep = toRequest(`{"a":${"[".repeat(100)}${"]".repeat(100)}}`);
  assert.throws(() => finish(toBody(deep)), { message: "Cannot read messages: nested more than 100 levels deep" });
});
