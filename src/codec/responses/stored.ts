/** Stored responses: what is remembered of one, and how clients ask for it again or go on from it. */
import { ProxyError } from "../../core/error.ts";
import { toMessages } from "../../core/reply.ts";
import type { Reply } from "../../core/reply.ts";
import type { Message } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isObject } from "../../lib/json.ts";
import { readLimit, refuse, toOneOf } from "../field.ts";
import type { Decoded, Meta, Resource, ResourceHandler, Store } from "../codec.ts";
import { encodeReply, toResponseId } from "./encode.ts";
import type { ResponsesForm } from "./form.ts";
import type { ItemList, OutputItem, ResponseObject } from "./wire.ts";

/** One stored response. Settings of its request are left out: later requests bring their own. */
export interface StoredResponse {
  /** The whole conversation, the answer included. */
  readonly messages: readonly Message[];
  /** System texts of the input, those of earlier responses included. */
  readonly systems: readonly string[];
  /** Labels of the MCP servers whose tools the conversation has listed. */
  readonly listed: readonly string[];
  /** The input items as they came. */
  readonly input: readonly unknown[];
  /** The answer as its client was given it. */
  readonly response: ResponseObject;
}

/** Makes what is stored of an answered request. */
export function toStored(
  { turn, form }: Decoded<ResponsesForm>,
  reply: Reply,
  meta: Meta,
): { readonly id: string; readonly value: StoredResponse } {
  const answer = toMessages(reply).filter(({ content }) => content.length > 0);
  const messages = [...turn.messages, ...answer];
  const { systems, input } = form;
  const found = (reply.mcp?.servers ?? []).filter(({ status }) => status === "connected");
  const listed = [...form.listed, ...found.map(({ name }) => name)];
  const response = encodeReply(reply, form, meta);
  return { id: toResponseId(meta), value: { messages, systems, listed, input, response } };
}

/** True for what `toStored` has made, however often it was copied since: nothing else has all of its fields. */
function isStoredResponse(value: unknown): value is StoredResponse {
  return (
    isObject(value) &&
    ["messages", "systems", "listed", "input", "response"].every((name) => Object.hasOwn(value, name))
  );
}

/**
 * Finds a stored response; `param` is the request's field that names it. @throws ProxyError `kind` when there is none.
 */
function findResponse(
  store: Pick<Store, "get">,
  id: string,
  param: string,
  kind: "not_found" | "previous_not_found",
): StoredResponse {
  const found = store.get(id);
  if (isStoredResponse(found)) return found;
  const message = `Cannot find ${param}: no response ${id.slice(0, 100)} is stored, or no longer`;
  throw new ProxyError(kind, message, { param });
}

/**
 * Finds the stored response that a request goes on from; `param` is its field that names it. @throws ProxyError
 * `previous_not_found` when there is none: clients know its code, and send the whole conversation then.
 */
export function findPrevious(store: Pick<Store, "get">, id: string, param: string): StoredResponse {
  return findResponse(store, id, param, "previous_not_found");
}

const findStored = (store: Pick<Store, "get">, id: string): StoredResponse =>
  findResponse(store, id, "id", "not_found");

/** The answer's id in an item's, with the item's place after it: what stands between the kind and a call's own id. */
const ANSWER_AND_PLACE = /^[a-z]+_([^_]+)/;
/** Most digits of an item's place. */
const MOST_DIGITS = 3;

/**
 * Finds an item of a stored answer by its id; `param` is the request's field that names it. @throws ProxyError
 * `not_found` when there is none.
 */
export function findItem(store: Pick<Store, "get">, id: string, param: string): OutputItem {
  const [, answerAndPlace = ""] = ANSWER_AND_PLACE.exec(id) ?? [];
  for (let digits = 1; digits <= MOST_DIGITS; digits++) {
    const found = store.get(toResponseId({ id: answerAndPlace.slice(0, -digits) }));
    const item = isStoredResponse(found) ? found.response.output.find((held) => held.id === id) : undefined;
    if (item) return item;
  }
  throw new ProxyError("not_found", `Cannot find ${param}: no item ${id.slice(0, 100)} is stored, or no longer`, {
    param,
  });
}

const LARGEST_PAGE = 100;

/** Every item has an id and a type on the wire, though clients may send it without. */
function toListed(item: unknown, id: string, at: number): JsonObject {
  const fields = isObject(item) ? item : {};
  const content = fields["content"];
  const parts =
    typeof content === "string"
      ? [{ type: fields["role"] === "assistant" ? "output_text" : "input_text", text: content }]
      : content;
  return {
    id: `item_${id.replace(/^resp_/, "")}${at}`,
    type: "message",
    ...fields,
    ...(parts === undefined ? {} : { content: parts }),
  };
}

/** The input that a stored response was given, or a page of it, as the query asks. */
export function listInput({ input }: StoredResponse, id: string, query: URLSearchParams): ItemList {
  const items = input.map((item, at) => toListed(item, id, at));
  const order = toOneOf(["asc", "desc"])(query.get("order") ?? "desc", "order");
  if (order === "desc") items.reverse();
  const after = query.get("after");
  const from = after === null ? 0 : items.findIndex((item) => item["id"] === after) + 1;
  if (after !== null && from === 0) refuse("after", `${after.slice(0, 60)} is not one of the items`);
  const data = items.slice(from, from + readLimit(query, LARGEST_PAGE));
  const toId = (item: JsonObject | undefined): string | null => (typeof item?.["id"] === "string" ? item["id"] : null);
  return {
    object: "list",
    data,
    first_id: toId(data[0]),
    last_id: toId(data.at(-1)),
    has_more: from + data.length < items.length,
  };
}

const showResponse: ResourceHandler = ({ store, segments: [id = ""] }) => findStored(store, id).response;

const deleteResponse: ResourceHandler = ({ store, segments: [id = ""] }) => {
  findStored(store, id);
  store.delete(id);
  return { id, object: "response", deleted: true };
};

const listInputItems: ResourceHandler = ({ store, segments: [id = ""], query }) =>
  listInput(findStored(store, id), id, query);

/** Stored responses as resources below the protocol's path. */
export const STORED_RESOURCES: readonly Resource[] = [
  { path: "/v1/responses/:", methods: { GET: showResponse, DELETE: deleteResponse } },
  { path: "/v1/responses/:/input_items", methods: { GET: listInputItems } },
];
