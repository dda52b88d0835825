/** Chat requests for tests: the smallest one, and what is read from or refused of it with more fields. */
import assert from "node:assert/strict";
import { decode } from "../../../src/codec/chat/decode.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { Delivery } from "../../../src/codec/codec.ts";
import { finish } from "../../../src/lib/work.ts";
import type { ChatForm } from "../../../src/codec/chat/form.ts";
import type { Turn } from "../../../src/core/turn.ts";

export const HI = { role: "user", content: "hi" } as const;

/** Reads a request that is "hi" and these fields. */
export function read(fields: object = {}): Turn & Delivery & { readonly form: ChatForm } {
  const { turn, delivery, form } = finish(decode({ model: "opus", messages: [HI], ...fields }));
  return { ...turn, ...delivery, form };
}

/** The refusal of a request that is "hi" and these fields. */
export function refusalOf(fields: unknown): ProxyError {
  try {
    finish(
      decode(
        typeof fields === "object" && fields !== null && !Array.isArray(fields)
          ? { model: "opus", messages: [HI], ...fields }
          : fields,
      ),
    );
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error));
    assert.equal(error.kind, "invalid_request");
    return error;
  }
  return assert.fail(`was read: ${JSON.stringify(fields)}`);
}

/** Checks that a request is refused, that the refusal names the field, and that it says so in one short sentence. */
export function checkRefused(fields: unknown, param: string): void {
  const error = refusalOf(fields);
  assert.equal(error.param, param);
  assert.match(error.message, /^Cannot read \S+: [^\n]+$/);
  assert.ok(error.message.includes(param));
  assert.ok(error.message.length < 400, error.message);
}

export const call = (id: string, name: string, args: unknown = "{}") => ({
  id,
  type: "function",
  function: { name, arguments: args },
});
export const assistant = (...calls: readonly object[]) => ({ role: "assistant", content: null, tool_calls: calls });
export const result = (id: string, content: unknown = "done") => ({ role: "tool", tool_call_id: id, content });
export const tool = (name: string, parameters?: unknown) => ({
  type: "function",
  function: { name, ...(parameters === undefined ? {} : { parameters }) },
});
