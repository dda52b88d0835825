/** Requests of the Responses protocol, read where nothing or one earlier response is stored. */
import type { Delivery } from "../../../src/codec/codec.ts";
import { decode as decodeBody } from "../../../src/codec/responses/decode.ts";
import { ProxyError } from "../../../src/core/error.ts";
import { finish } from "../../../src/lib/work.ts";
import type { ResponsesForm } from "../../../src/codec/responses/form.ts";
import type { Turn } from "../../../src/core/turn.ts";

/** Reads a request for `opus`; `earlier` is stored as `resp_1`. */
export function decode(body: object, earlier?: unknown): Turn & Delivery & { readonly form: ResponsesForm } {
  const store = { get: (id: string) => (id === "resp_1" ? earlier : undefined) };
  const { turn, delivery, form } = finish(decodeBody({ model: "opus", ...body }, store));
  return { ...turn, ...delivery, form };
}

/** The refusal of a request. */
export function refusal(body: object): ProxyError {
  try {
    decode(body);
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw error;
  }
  throw new Error("the request was read");
}

export const user = (content: unknown): object => ({ role: "user", content });
export const assistant = (content: unknown): object => ({ role: "assistant", content });
export const call = (id: string, json = "{}"): object => ({
  type: "function_call",
  call_id: id,
  name: "weather",
  arguments: json,
});
export const output = (id: string, result: unknown): object => ({
  type: "function_call_output",
  call_id: id,
  output: result,
});
