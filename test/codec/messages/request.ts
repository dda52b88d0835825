/** Requests of the Messages protocol: the smallest one, and what is read from or refused of it with more fields. */
import assert from "node:assert/strict";
import { decode } from "../../../src/codec/messages/decode.ts";
import { ProxyError } from "../../../src/core/error.ts";
import { finish } from "../../../src/lib/work.ts";
import type { Delivery } from "../../../src/codec/codec.ts";
import type { MessagesForm } from "../../../src/codec/messages/form.ts";
import type { Turn } from "../../../src/core/turn.ts";

export const user = (content: unknown): object => ({ role: "user", content });
export const assistant = (content: unknown): object => ({ role: "assistant", content });

/** Reads a request that is "hi" and these fields. */
export function read(fields: object = {}): Turn & Delivery & { readonly form: MessagesForm } {
  const { turn, delivery, form } = finish(decode({ model: "opus", max_tokens: 64, messages: [user("hi")], ...fields }));
  return { ...turn, ...delivery, form };
}

/** The refusal of a request that is "hi" and these fields. */
export function refusalOf(fields: object): ProxyError {
  try {
    read(fields);
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error));
    return error;
  }
  return assert.fail(`was read: ${JSON.stringify(fields)}`);
}
