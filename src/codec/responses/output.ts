/** The output of a response while it comes in: items follow one another, and one is closed before the next opens. */
import { createItem } from "./item.ts";
import type { ItemEvent, ItemKind, ItemWriter } from "./item.ts";
import type { ItemStatus, OutputItem } from "./wire.ts";

/** The output items of one answer, while they come in. */
export interface OutputWriter {
  /** The items that are closed, in their order. */
  readonly items: readonly OutputItem[];
  /** Opens an item, and closes the one before it. */
  begin(kind: ItemKind): ItemEvent[];
  /** Adds to the open item, if it is of this type. */
  add(type: ItemKind["type"], delta: string): ItemEvent[];
  /** Adds to the open item of this type, or to a new one. */
  addText(type: "message" | "reasoning", delta: string): ItemEvent[];
  /** Closes the open item, if there is one. */
  close(status: ItemStatus): ItemEvent[];
}

/** Makes an empty output; `answerId` is the part of the items' ids that they share. */
export function createOutput(answerId: string): OutputWriter {
  const items: OutputItem[] = [];
  let open: { readonly type: ItemKind["type"]; readonly writer: ItemWriter } | undefined;

  function close(status: ItemStatus): ItemEvent[] {
    if (!open) return [];
    const { writer } = open;
    open = undefined;
    items.push(writer.toItem(status));
    return writer.close(status);
  }

  function begin(kind: ItemKind): ItemEvent[] {
    const closed = close("completed");
    const writer = createItem(kind, answerId, items.length);
    open = { type: kind.type, writer };
    return [...closed, ...writer.open()];
  }

  function add(type: ItemKind["type"], delta: string): ItemEvent[] {
    return open?.type === type ? [open.writer.add(delta)] : [];
  }

  function addText(type: "message" | "reasoning", delta: string): ItemEvent[] {
    const begun = open?.type === type ? [] : begin({ type });
    return [...begun, ...add(type, delta)];
  }

  return { items, begin, add, addText, close };
}
