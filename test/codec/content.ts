/** The content of an answer as its client sees it, streamed or whole, in any of the protocols. */
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { SseFrame } from "../../src/lib/sse.ts";

type Kind = "thinking" | "text" | "call";

/** A part of an answer; the text of a call is its name and its arguments. */
interface Part {
  readonly kind: Kind;
  readonly text: string;
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const inner = (holder: JsonObject | undefined, key: string): JsonObject => {
  const value = holder?.[key];
  return isObject(value) ? value : {};
};

/** The texts under these names, as one; a call's arguments are an object in some protocols. */
function join(holder: JsonObject, ...names: readonly string[]): string {
  const toText = (value: unknown): string => (isObject(value) ? JSON.stringify(value) : String(value ?? ""));
  return names.map((name) => toText(holder[name])).join("");
}

/** A message, or a piece of one, where an answer is one thinking, one text and a list of calls. */
function toMessageParts(message: JsonObject): Part[] {
  const calls = objects(message["tool_calls"]).map((call) => inner(call, "function"));
  return [
    { kind: "thinking", text: join(message, "thinking", "reasoning_content") },
    { kind: "text", text: join(message, "content", "response", "text") },
    ...calls.map((call): Part => ({ kind: "call", text: join(call, "name", "arguments") })),
  ];
}

/** All of each kind, where the protocol does not tell what came first. */
function gather(parts: readonly Part[]): Part[] {
  const toText = (kind: Kind): string => parts.map((part) => (part.kind === kind ? part.text : "")).join("");
  return (["thinking", "text", "call"] as const).map((kind) => ({ kind, text: toText(kind) }));
}

/** An item of Responses, or a block of Messages. */
function toItemPart(item: JsonObject): Part {
  const held = [...objects(item["summary"]), ...objects(item["content"])].map(({ text }) => String(text)).join("");
  switch (item["type"]) {
    case "reasoning":
    case "thinking":
      return { kind: "thinking", text: held + join(item, "thinking") };
    case "function_call":
      return { kind: "call", text: join(item, "name", "arguments") };
    case "tool_use":
      return { kind: "call", text: join(item, "name", "input") };
    default:
      return { kind: "text", text: held + join(item, "text") };
  }
}

/** The blocks of Messages, put together from their deltas. */
function foldBlocks(values: readonly JsonObject[]): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const { type, content_block: block, delta } of values) {
    if (type === "content_block_start" && isObject(block)) blocks.push({ ...block, input: "" });
    if (type !== "content_block_delta" || !isObject(delta)) continue;
    const last = blocks.pop() ?? {};
    const input = join(last, "input") + join(delta, "partial_json");
    blocks.push({
      ...last,
      text: join(last, "text") + join(delta, "text"),
      input,
      thinking: join(last, "thinking") + join(delta, "thinking"),
    });
  }
  return blocks;
}

/** The content of a whole answer: its parts in their order, or all of each kind where the protocol has no order. */
export function toWholeContent(whole: unknown): Part[] {
  const reply = isObject(whole) ? whole : {};
  if ("done" in reply) return gather(toMessageParts({ ...reply, ...inner(reply, "message") }));
  const [choice] = objects(reply["choices"]);
  if (choice) return gather(toMessageParts({ ...choice, ...inner(choice, "message") }));
  return objects(reply["output"] ?? reply["content"]).map(toItemPart);
}

/** The content of a streamed answer, likewise, put together from its pieces. */
export function toStreamedContent(frames: readonly SseFrame[]): Part[] {
  const values = frames.flatMap(({ data }) => (data === "[DONE]" ? [] : [JSON.parse(data) as JsonObject]));
  const items = values.flatMap(({ type, item }) => (type === "response.output_item.done" ? [item] : []));
  if (values[0]?.["type"] === "response.created") return objects(items).map(toItemPart);
  if (values[0]?.["type"] === "message_start") return foldBlocks(values).map(toItemPart);
  const pieces = values.map((value) => {
    const [choice] = objects(value["choices"]);
    return { ...value, ...inner(value, "message"), ...choice, ...inner(choice, "delta") };
  });
  return gather(pieces.flatMap(toMessageParts));
}
