/** Kept responses, as clients ask for them again: by id, and by the input they were given. */
import type { JsonObject } from "../../lib/json.ts";
import { isObject } from "../../lib/json.ts";
import { refuse, toOneOf } from "../check.ts";
import type { Earlier, Keeping } from "../codec.ts";
import { readStoredEcho, toEarlier } from "./echo.ts";
import { toResponseId } from "./encode.ts";
import type { ItemList } from "./wire.ts";

const USUAL_PAGE = 20;
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

function readLimit(query: URLSearchParams): number {
  const limit = Number(query.get("limit") ?? USUAL_PAGE);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE) return limit;
  return refuse("limit", `expected a whole number from 1 to ${LARGEST_PAGE}`);
}

function encodeInput(earlier: Earlier, id: string, query: URLSearchParams): ItemList {
  const items = readStoredEcho(earlier).input.map((item, at) => toListed(item, id, at));
  const order = toOneOf(["asc", "desc"])(query.get("order") ?? "desc", "order");
  if (order === "desc") items.reverse();
  const after = query.get("after");
  const from = after === null ? 0 : items.findIndex((item) => item["id"] === after) + 1;
  if (after !== null && from === 0) refuse("after", `${after.slice(0, 60)} is not one of the items`);
  const data = items.slice(from, from + readLimit(query));
  const toId = (item: JsonObject | undefined): string | null => (typeof item?.["id"] === "string" ? item["id"] : null);
  return {
    object: "list",
    data,
    first_id: toId(data[0]),
    last_id: toId(data.at(-1)),
    has_more: from + data.length < items.length,
  };
}

export const keeping: Keeping = {
  toId: toResponseId,
  toEarlier,
  encodeInput,
  encodeDeleted: (id) => ({ id, object: "response", deleted: true }),
};
