/** Output items: how each kind opens, grows and closes, as a whole and event by event. */
import type { ItemStatus, OutputText, SummaryText, TextItem } from "./wire.ts";

/** An event without its sequence number. */
export interface ItemEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One item of an answer, while its text comes in. */
export interface ItemWriter {
  /** The events that open it. */
  open(): ItemEvent[];
  add(delta: string): ItemEvent;
  /** The events that close it. */
  close(status: ItemStatus): ItemEvent[];
  /** The item as it stands. */
  toItem(status: ItemStatus): TextItem;
}

/** A kind of output item, with the fields that are known when it opens. */
export type ItemKind =
  | { readonly type: "reasoning" | "message" }
  | { readonly type: "function_call"; readonly callId: string; readonly name: string };

const toOutputText = (text: string): OutputText => ({ type: "output_text", text, annotations: [], logprobs: [] });
const toSummaryText = (text: string): SummaryText => ({ type: "summary_text", text });

const PREFIX = { reasoning: "rs", message: "msg", function_call: "fc" } as const;

/** An item's id: the answer's, and the item's place in it. */
function toItemId(type: ItemKind["type"], answerId: string, at: number): string {
  return `${PREFIX[type]}_${answerId}${at}`;
}

/** One item. What has not opened its part yet is empty. */
function toItem(kind: ItemKind, id: string, status: ItemStatus, text?: string): TextItem {
  switch (kind.type) {
    case "reasoning":
      return { id, type: "reasoning", summary: text === undefined ? [] : [toSummaryText(text)] };
    case "message":
      return {
        id,
        type: "message",
        status,
        role: "assistant",
        content: text === undefined ? [] : [toOutputText(text)],
      };
    case "function_call":
      return { id, type: "function_call", status, call_id: kind.callId, name: kind.name, arguments: text ?? "" };
  }
}

/** The event names of a kind of item, and the fields beside the text. */
interface Form {
  /** The part that holds the text; a call's arguments stand in no part. */
  readonly part?: { readonly name: string; readonly make: (text: string) => OutputText | SummaryText };
  readonly text: string;
  /** The field of the last event that holds the whole text. */
  readonly whole: string;
  readonly place: object;
  readonly extra: object;
}

const FORMS: Readonly<Record<ItemKind["type"], Form>> = {
  reasoning: {
    part: { name: "response.reasoning_summary_part", make: toSummaryText },
    text: "response.reasoning_summary_text",
    whole: "text",
    place: { summary_index: 0 },
    extra: {},
  },
  message: {
    part: { name: "response.content_part", make: toOutputText },
    text: "response.output_text",
    whole: "text",
    place: { content_index: 0 },
    extra: { logprobs: [] },
  },
  function_call: { text: "response.function_call_arguments", whole: "arguments", place: {}, extra: {} },
};

/** Makes the writer of the item at place `output_index`. */
export function createItem(kind: ItemKind, answerId: string, output_index: number): ItemWriter {
  const { part, text: textEvent, whole, place, extra } = FORMS[kind.type];
  const id = toItemId(kind.type, answerId, output_index);
  const where = { item_id: id, output_index, ...place };
  const pieces: string[] = [];
  const current = (status: ItemStatus): TextItem => toItem(kind, id, status, pieces.join(""));
  return {
    open() {
      const added = { type: "response.output_item.added", output_index, item: toItem(kind, id, "in_progress") };
      return part ? [added, { type: `${part.name}.added`, ...where, part: part.make("") }] : [added];
    },
    add(delta) {
      pieces.push(delta);
      return { type: `${textEvent}.delta`, ...where, delta, ...extra };
    },
    close(status) {
      const text = pieces.join("");
      const name = kind.type === "function_call" ? { name: kind.name } : {};
      return [
        { type: `${textEvent}.done`, ...where, ...name, [whole]: text, ...extra },
        ...(part ? [{ type: `${part.name}.done`, ...where, part: part.make(text) }] : []),
        { type: "response.output_item.done", output_index, item: current(status) },
      ];
    },
    toItem: current,
  };
}
