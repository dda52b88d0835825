/** The list of models in Anthropic's form, page by page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listModels } from "../../../src/codec/messages/list.ts";
import { ProxyError } from "../../../src/core/error.ts";

const MODELS = ["a", "b", "c", "d", "e"].map((id) => ({ id, name: id.toUpperCase() }));
const page = (query: string): [string, boolean] => {
  const { data, has_more, first_id, last_id } = listModels(MODELS, new URLSearchParams(query));
  assert.deepEqual([first_id, last_id], [data[0]?.id ?? null, data.at(-1)?.id ?? null]);
  return [data.map(({ id }) => id).join(""), has_more];
};

test("an entry has Anthropic's fields", () => {
  assert.deepEqual(listModels(MODELS.slice(0, 1), new URLSearchParams()), {
    data: [{ type: "model", id: "a", display_name: "A", created_at: "1970-01-01T00:00:00Z" }],
    has_more: false,
    first_id: "a",
    last_id: "a",
  });
  assert.deepEqual(listModels([], new URLSearchParams()), { data: [], has_more: false, first_id: null, last_id: null });
});

test("a page goes on after a model, or ends before one, and says whether there are more that way", () => {
  const cases = [
    ["", ["abcde", false]],
    ["limit=2", ["ab", true]],
    ["limit=2&after_id=b", ["cd", true]],
    ["limit=2&after_id=d", ["e", false]],
    ["after_id=e", ["", false]],
    ["limit=2&before_id=e", ["cd", true]],
    ["limit=2&before_id=c", ["ab", false]],
    ["before_id=a", ["", false]],
  ] as const;
  for (const [query, expected] of cases) assert.deepEqual(page(query), expected, query);
});

test("a page that cannot be had is refused by name", () => {
  for (const [query, param] of [
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=x", "limit"],
    ["after_id=z", "after_id"],
    ["before_id=z", "before_id"],
  ] as const)
    assert.throws(
      () => page(query),
      (error) => error instanceof ProxyError && error.param === param,
    );
});

test("limits stand in an entry once they are known", () => {
  const limits = { contextTokens: 200_000, outputTokens: 32_000 };
  const { data } = listModels(
    [
      { id: "a", name: "A" },
      { id: "b", name: "B", limits },
    ],
    new URLSearchParams(),
  );
  assert.deepEqual(
    data.map(({ max_input_tokens, max_tokens }) => [max_input_tokens, max_tokens]),
    [
      [undefined, undefined],
      [200_000, 32_000],
    ],
  );
});
