/** What a response repeats of the request that it answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "./request.ts";

test("of a hosted tool and of the text settings known fields are repeated, and no others", () => {
  const search = { type: "web_search", user_location: { type: "approximate", country: "CH" } };
  const format = { type: "json_object" };
  const { request } = decode({
    input: "hi",
    tools: [{ ...search, junk: "x" }],
    text: { format, verbosity: "low", junk: "x" },
  }).form;
  assert.deepEqual(request.tools, [search]);
  assert.deepEqual(request.text, { format, verbosity: "low" });
  assert.deepEqual(decode({ input: "hi" }).form.request.text, { format: { type: "text" } });
});
