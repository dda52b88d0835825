/** Lines as the CLI writes them, read into messages, and the events that a turn makes of them. */
import type { ProxyError } from "../../src/core/error.ts";
import { createAnswer } from "../../src/cli/answer/answer.ts";
import type { Answer, AnswerOptions } from "../../src/cli/answer/answer.ts";
import { readMessage } from "../../src/cli/protocol/message.ts";
import type { CliMessage } from "../../src/cli/protocol/message.ts";
import type { TurnEvent } from "../../src/core/event.ts";
import { createFold } from "../../src/core/reply.ts";
import type { Reply } from "../../src/core/reply.ts";

const line = (message: object): CliMessage => readMessage(JSON.stringify({ session_id: "s", uuid: "u", ...message }));
const event = (held: object): CliMessage => line({ type: "stream_event", event: held, parent_tool_use_id: null });
const delta = (index: number, held: object): CliMessage => event({ type: "content_block_delta", index, delta: held });

export const MODEL = "claude-sonnet-5-5";
/** What each API call of `round` costs. */
export const ROUND_USAGE = { input: 3, cacheCreation: 2, cacheRead: 1, output: 9 } as const;

export const init = (): CliMessage => line({ type: "system", subtype: "init", model: MODEL, tools: [] });

export const messageStart = (): CliMessage =>
  event({
    type: "message_start",
    message: {
      id: "msg_1",
      model: MODEL,
      usage: { input_tokens: 3, cache_creation_input_tokens: 2, cache_read_input_tokens: 1, output_tokens: 1 },
    },
  });

export const messageDelta = (stopReason: string, stopSequence: string | null = null): CliMessage =>
  event({
    type: "message_delta",
    delta: { stop_reason: stopReason, stop_sequence: stopSequence },
    usage: { output_tokens: 9 },
  });

export const messageStop = (): CliMessage => event({ type: "message_stop" });
const blockStop = (index: number): CliMessage => event({ type: "content_block_stop", index });

/** One block of the answer: what it starts as, and its deltas. */
export type Block = (index: number) => CliMessage[];

export const text =
  (...pieces: readonly string[]): Block =>
  (index) => [
    event({ type: "content_block_start", index, content_block: { type: "text", text: "" } }),
    ...pieces.map((piece) => delta(index, { type: "text_delta", text: piece })),
    blockStop(index),
  ];

export const thinking =
  (...pieces: readonly string[]): Block =>
  (index) => [
    event({ type: "content_block_start", index, content_block: { type: "thinking", thinking: "", signature: "" } }),
    ...pieces.map((piece) => delta(index, { type: "thinking_delta", thinking: piece })),
    delta(index, { type: "signature_delta", signature: "abc" }),
    blockStop(index),
  ];

export const toolUse =
  (id: string, name: string, ...pieces: readonly string[]): Block =>
  (index) => [
    event({ type: "content_block_start", index, content_block: { type: "tool_use", id, name, input: {} } }),
    ...["", ...pieces].map((piece) => delta(index, { type: "input_json_delta", partial_json: piece })),
    blockStop(index),
  ];

/** A call of one of the client's tools. */
export const clientCall = (id: string, name: string, ...pieces: readonly string[]): Block =>
  toolUse(id, `mcp__client__${name}`, ...pieces);

/** One API call, from its start up to, and without, its end. */
export function open(...blocks: readonly Block[]): CliMessage[] {
  return [messageStart(), ...blocks.flatMap((block, index) => block(index))];
}

/** One whole API call; the CLI repeats it as an assistant message, which says nothing new. */
export function round(stopReason: string, ...blocks: readonly Block[]): CliMessage[] {
  const assistant = line({
    type: "assistant",
    message: { model: MODEL, role: "assistant", content: [{ type: "text", text: "repeated" }] },
  });
  return [...open(...blocks), assistant, messageDelta(stopReason), messageStop()];
}

export const toolResult = (id: string, isError = false): CliMessage =>
  line({
    type: "user",
    message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "x", is_error: isError }] },
  });

export const retry = (status: number | null, attempt = 1, delayMs = 500): CliMessage =>
  line({
    type: "system",
    subtype: "api_retry",
    attempt,
    max_retries: 10,
    retry_delay_ms: delayMs,
    error_status: status,
    error: "server_error",
  });

export const synthetic = (error: string, status?: number): CliMessage =>
  line({
    type: "assistant",
    error,
    ...(status ? { api_error_status: status } : {}),
    message: { model: "<synthetic>", role: "assistant", content: [] },
  });

export const rateLimit = (
  status: string,
  rateLimitType = "five_hour",
  resetsAt: number | undefined = 4_000_000_000,
): CliMessage =>
  line({ type: "rate_limit_event", rate_limit_info: { status, rateLimitType, resetsAt, utilization: 1 } });

export const success = (fields: object = {}): CliMessage =>
  line({
    type: "result",
    subtype: "success",
    is_error: false,
    api_error_status: null,
    terminal_reason: "completed",
    result: "repeated",
    ...fields,
  });

export const failure = (fields: object = {}): CliMessage =>
  success({ is_error: true, result: "API Error: words", terminal_reason: "error", ...fields });

export interface Played {
  readonly events: readonly TurnEvent[];
  readonly reply: Reply;
  readonly answer: Answer;
}

const PLAIN: AnswerOptions = {
  stop: [],
  structured: undefined,
  tools: new Set(),
  hasOwnTools: false,
  servers: new Set(),
  readServers: () => [],
  openCalls: [],
  elapsedMs: () => 0,
};

/** Reads messages one at a time. @throws ProxyError when the turn fails. */
export function play(messages: readonly CliMessage[], options: Partial<AnswerOptions> = {}): Played {
  const answer = createAnswer({ ...PLAIN, ...options });
  const events = messages.flatMap((message) => answer.read([message]));
  const fold = createFold();
  fold.add(events);
  return { events, reply: fold.reply, answer };
}

/** The failure of a turn that must fail. */
export function failureOf(messages: readonly CliMessage[], options: Partial<AnswerOptions> = {}): ProxyError {
  try {
    play(messages, options);
  } catch (error) {
    return error as ProxyError;
  }
  throw new Error("the turn did not fail");
}
