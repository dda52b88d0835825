/**
 * Function calling as tests speak it: tools, results and histories as clients write them, and what reached the API of
 * them.
 */
import assert from "node:assert/strict";
import type { ChatChunk } from "./answer.ts";
import type { Proxy } from "./proxy.ts";
import { toPlainMessages } from "./upstream.ts";
import type { ApiCall, Step } from "./upstream.ts";

export interface MadeCall {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface Answer {
  readonly status: number;
  readonly message: {
    readonly role: string;
    readonly content: string | null;
    readonly tool_calls?: readonly MadeCall[];
    readonly function_call?: MadeCall["function"];
  };
  readonly finish: string;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** A function tool of one text argument, or of these parameters. */
export function tool(
  name: string,
  parameters: unknown = { type: "object", properties: { q: { type: "string" } } },
): object {
  return { type: "function", function: { name, description: `does ${name}`, parameters } };
}

/** A step of the scripted API: the model calls one of the client's tools. */
export const call = (name: string, input: unknown, id: string): Step => ({ tool: `mcp__client__${name}`, input, id });

export const result = (id: string, content: unknown, rest: object = {}): object => ({
  role: "tool",
  tool_call_id: id,
  content,
  ...rest,
});

/** An assistant message as a client would write it from memory. */
export function calling(...calls: readonly (readonly [id: string, name: string, input: unknown])[]): object {
  const tool_calls = calls.map(([id, name, input]) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  }));
  return { role: "assistant", content: null, tool_calls };
}

/** Sends a chat request and reads its whole answer. */
export async function ask(proxy: Proxy, body: object): Promise<Answer> {
  const response = await proxy.chat({ model: "sonnet", ...body });
  const { choices, error } = (await response.json()) as {
    choices?: { message: Answer["message"]; finish_reason: string }[];
    error?: Answer["error"];
  };
  const [choice] = choices ?? [];
  const none = { message: "", type: "", param: null, code: null };
  return {
    status: response.status,
    message: choice?.message ?? { role: "", content: null },
    finish: choice?.finish_reason ?? "",
    error: error ?? none,
  };
}

/** The ids of an answer's calls. */
export const idsOf = ({ message }: Answer): string[] => (message.tool_calls ?? []).map(({ id }) => id);

/** The content of the last user message that reached the API, as blocks. */
export function lastBlocks(held: ApiCall | undefined): Record<string, unknown>[] {
  const last = toPlainMessages(held).at(-1);
  assert.equal(last?.role, "user");
  return last.content as Record<string, unknown>[];
}

/** Result blocks in the order of their calls: the CLI gives them in the order in which they were answered. */
export function byId(blocks: readonly unknown[]): { tool_use_id: string }[] {
  return [...(blocks as { tool_use_id: string }[])].sort((one, other) =>
    one.tool_use_id < other.tool_use_id ? -1 : 1,
  );
}

/** A native result block as the API is to have it: its keys in any order, no flag unless it is an error. */
export const textResult = (id: string, text: string): object => ({
  type: "tool_result",
  tool_use_id: id,
  content: [{ type: "text", text }],
});

/** Folds a stream's calls the way clients do, checking what they rely on. */
export function foldCalls(chunks: readonly ChatChunk[]): { id: string; name: string; json: string }[] {
  const calls: { id: string; name: string; json: string }[] = [];
  for (const delta of chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])) {
    assert.equal(typeof delta.index, "number");
    const known = calls[delta.index];
    if (known) {
      assert.equal(delta.id, undefined);
      assert.equal(delta.function.name, undefined);
      known.json += delta.function.arguments ?? "";
      continue;
    }
    assert.equal(delta.index, calls.length);
    assert.match(delta.id ?? "", /^[A-Za-z0-9]+$/);
    calls.push({ id: delta.id ?? "", name: delta.function.name ?? "", json: delta.function.arguments ?? "" });
  }
  return calls;
}

/** Answers the first calls with a list of steps each, and every later one with "done". */
export function inTurn(...rounds: readonly (readonly Step[])[]): (held: ApiCall, at: number) => Iterable<Step> {
  return (_, at) => rounds[at] ?? [{ text: "done" }];
}
