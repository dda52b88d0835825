/** Stored responses: shown, listed page by page, and deleted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { responses } from "../../../src/codec/responses/responses.ts";
import { listInput, toStored } from "../../../src/codec/responses/stored.ts";
import type { ItemList } from "../../../src/codec/responses/wire.ts";
import { createModels } from "../../../src/core/model.ts";
import { ProxyError } from "../../../src/core/error.ts";
import { createFold } from "../../../src/core/reply.ts";
import { finish } from "../../../src/lib/work.ts";
import { ANSWERS } from "../sample.ts";
import { EMPTY_STORE, META } from "../wire.ts";
import { user } from "./request.ts";

const DECODED = finish(
  responses.decode(
    {
      model: "opus",
      instructions: "Be brief.",
      input: [user("a"), { ...user("b"), id: "msg_b" }, user([{ type: "input_text", text: "c" }])],
    },
    EMPTY_STORE,
  ),
);
const fold = createFold();
fold.add(ANSWERS.text);
const { id: ID, value: STORED } = toStored(DECODED, fold.reply, META);

const list = (query: string): ItemList => listInput(STORED, "resp_1", new URLSearchParams(query));

/** Asks a resource of the protocol, with this one response stored. */
function ask(
  path: string,
  method: "GET" | "DELETE",
  id: string,
): { readonly answer: unknown; readonly deleted: string[] } {
  const deleted: string[] = [];
  const store = {
    ...EMPTY_STORE,
    get: (asked: string) => (asked === ID ? STORED : undefined),
    delete: (asked: string) => deleted.push(asked) > 0,
  };
  const handler = responses.resources?.find((resource) => resource.path === path)?.methods[method];
  assert.ok(handler);
  const rest = { body: undefined, query: new URLSearchParams(), models: createModels(new Map()) };
  return { answer: handler({ ...rest, store, segments: [id] }), deleted };
}

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

test("what is stored is the conversation with its answer, and the response as its client was given it", () => {
  assert.equal(ID, "resp_abc123");
  assert.deepEqual(
    STORED.messages.map(({ role }) => role),
    ["user", "assistant"],
  );
  assert.deepEqual(Object.keys(STORED), ["messages", "systems", "listed", "input", "response"]);
  assert.deepEqual(ask("/v1/responses/:", "GET", ID).answer, STORED.response);
});

test("a deleted response is told as such, and one that is not there is a 404 on every resource", () => {
  const { answer, deleted } = ask("/v1/responses/:", "DELETE", ID);
  assert.deepEqual([answer, deleted], [{ id: ID, object: "response", deleted: true }, [ID]]);
  for (const [path, method] of [
    ["/v1/responses/:", "GET"],
    ["/v1/responses/:", "DELETE"],
    ["/v1/responses/:/input_items", "GET"],
  ] as const)
    assert.throws(
      () => ask(path, method, "resp_gone"),
      (error) => error instanceof ProxyError && error.kind === "not_found" && error.param === "id",
    );
});

test("an item of a stored answer is read where it is referred to, and one that is not stored is a 404", () => {
  const store = { ...EMPTY_STORE, get: (asked: string) => (asked === ID ? STORED : undefined) };
  const read = (id: unknown): readonly unknown[] =>
    finish(responses.decode({ model: "opus", input: [user("a"), { type: "item_reference", id }, user("b")] }, store))
      .turn.messages;
  const item = STORED.response.output.find(({ type }) => type === "message");
  const [, answer] = read(item?.id);
  assert.deepEqual(answer, STORED.messages.at(-1));
  for (const id of ["msg_gone0", `${item?.id}7`, "0", ""])
    assert.throws(
      () => read(id),
      (error) => error instanceof ProxyError && error.param === "input[1].id",
      id,
    );
});
