/** The input of a kept response, page by page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keeping } from "../../../src/codec/responses/keeping.ts";
import type { ItemList } from "../../../src/codec/responses/wire.ts";
import { decode, user } from "./request.ts";

const { messages, echo } = decode({
  input: [user("a"), { ...user("b"), id: "msg_b" }, user([{ type: "input_text", text: "c" }])],
});
const list = (query: string): ItemList =>
  keeping.encodeInput({ messages, echo }, "resp_1", new URLSearchParams(query)) as ItemList;

test("items come newest first unless asked for otherwise, each with an id, a type and parts", () => {
  const { data, first_id, last_id, has_more } = list("");
  assert.deepEqual(
    data.map(({ id }) => id),
    ["item_12", "msg_b", "item_10"],
  );
  assert.deepEqual([first_id, last_id, has_more], ["item_12", "item_10", false]);
  assert.deepEqual(list("order=asc").data[0], {
    id: "item_10",
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: "a" }],
  });
});

test("a page begins after the item named, and says whether there are more", () => {
  const first = list("order=asc&limit=2");
  assert.deepEqual([first.data.length, first.has_more], [2, true]);
  const second = list(`order=asc&limit=2&after=${first.last_id}`);
  assert.deepEqual([second.data.map(({ id }) => id), second.has_more], [["item_12"], false]);
});

test("a page that cannot be had is refused by name", () => {
  for (const [query, name] of [
    ["limit=0", /limit/],
    ["limit=x", /limit/],
    ["order=up", /order/],
    ["after=nobody", /after/],
  ] as const)
    assert.throws(() => list(query), name);
});

test("the id is the answer's, and a deleted one is told as such", () => {
  assert.equal(keeping.toId({ id: "abc", createdAtSeconds: 0 }), "resp_abc");
  assert.deepEqual(keeping.encodeDeleted("resp_abc"), { id: "resp_abc", object: "response", deleted: true });
});
