/**
 * A scripted Messages API on loopback: it streams, thinks, calls tools, fails with any status, hangs, drips and dies.
 */
import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  createCutter,
  createStandIn,
  formatBlock,
  formatEvent,
  formatStart,
  toMessage,
} from "../../src/commands/standin.ts";
import type { StandInCall } from "../../src/commands/standin.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { Scope } from "./scope.ts";

/** One thing the API does in an answer, in order. Steps that write open the stream first. */
export type Step =
  | { readonly text: string | readonly string[] }
  | { readonly thinking: string | readonly string[]; readonly signature?: string }
  | { readonly tool: string; readonly input: unknown; readonly id?: string }
  /** How the message ends; `end_turn`, or `tool_use` after a tool, without it. */
  | { readonly stop: string; readonly sequence?: string }
  /** Thinking that the API does not show. */
  | { readonly redacted: string }
  /** More of the usage that an answer begins with, before anything that writes. */
  | { readonly usage: JsonObject }
  /** Headers of an answer, before anything that writes. */
  | { readonly headers: Readonly<Record<string, string>> }
  /** Waits, so that a test decides when the answer goes on. */
  | { readonly until: Promise<unknown> }
  | LastStep;

/** A step after which nothing follows. */
type LastStep =
  /** Answers with an HTTP error. */
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly type?: string;
      readonly message?: string;
    }
  /** An error event in mid-stream. */
  | { readonly error: string }
  /** Says nothing more, and keeps the connection open. */
  | { readonly hang: true }
  /** Cuts the connection. */
  | { readonly die: true };

export interface ApiBody {
  readonly model: string;
  readonly messages: { readonly role: string; readonly content: unknown }[];
  readonly system?: { readonly text: string }[];
  readonly tools?: { readonly name: string; readonly description?: string; readonly input_schema: unknown }[];
  readonly max_tokens: number;
  readonly output_config?: { readonly effort?: string };
  readonly [key: string]: unknown;
}

/** One request that came in. */
export interface ApiCall {
  readonly body: ApiBody;
  /** Bytes of the request body. */
  readonly bytes: number;
  readonly headers: IncomingHttpHeaders;
  /** Settles when the connection of this call is over: true when the caller went away before the end. */
  readonly closed: Promise<boolean>;
}

export interface Upstream {
  readonly url: string;
  /** All calls so far, oldest first. */
  readonly calls: ApiCall[];
  /** Sets what the next calls are answered with; `at` counts all calls from 0. */
  answer(script: (call: ApiCall, at: number) => Iterable<Step>): void;
  /** Forgets the script and all calls, between tests that share it. */
  reset(): void;
  /** Settles when there have been `count` calls. */
  called(count: number): Promise<ApiCall>;
}

const USAGE = { input_tokens: 7, cache_creation_input_tokens: 3, cache_read_input_tokens: 5, output_tokens: 1 };

const OUTPUT_TOKENS = 42;

/** What an answer's usage comes to: 7 + 3 + 5 in, 42 out. */
export const EXPECTED_USAGE = {
  prompt_tokens: 15,
  completion_tokens: OUTPUT_TOKENS,
  total_tokens: 57,
  cached_tokens: 5,
};

/** The message that answers one call: streamed as it grows, or sent whole at its end. */
interface MessageWriter {
  /** Content blocks so far. */
  readonly count: number;
  /** Sends the head of a stream, unless it has been sent. */
  open(): void;
  /** Headers of the answer, before it is opened. */
  setHeaders(headers: Readonly<Record<string, string>>): void;
  /** Adds to the usage of the answer, before it is opened. */
  addUsage(usage: JsonObject): void;
  /** How the message ends; `end_turn` without it. */
  setStop(reason: string, sequence?: string): void;
  /** Adds a content block. `rest` is what the deltas add to it. */
  block(content: JsonObject, deltas: readonly JsonObject[], rest: JsonObject): void;
  end(): void;
}

function createWriter(response: ServerResponse, call: ApiCall, serial: number): MessageWriter {
  const isStreamed = call.body["stream"] === true;
  const whole: JsonObject[] = [];
  let head = { id: `msg_${serial}`, model: call.body.model, usage: USAGE as JsonObject };
  let stop = { reason: "end_turn", sequence: null as string | null };
  let headers: Readonly<Record<string, string>> = {};

  function open(): void {
    if (response.headersSent || !isStreamed) return;
    response.writeHead(200, { "content-type": "text/event-stream", "request-id": `req_${serial}`, ...headers });
    response.write(formatStart(head));
  }

  return {
    get count() {
      return whole.length;
    },
    open,
    setHeaders: (next) => void (headers = next),
    addUsage: (usage) => void (head = { ...head, usage: { ...head.usage, ...usage } }),
    setStop: (reason, sequence) => void (stop = { reason, sequence: sequence ?? null }),
    block(content, deltas, rest) {
      const index = whole.push({ ...content, ...rest }) - 1;
      if (!isStreamed) return;
      open();
      for (const frame of formatBlock(index, content, deltas)) response.write(frame);
    },
    end() {
      if (!isStreamed) {
        const usage = { ...USAGE, output_tokens: OUTPUT_TOKENS };
        const body = { ...toMessage(head), content: whole, stop_reason: stop.reason, usage };
        return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      }
      open();
      const delta = { stop_reason: stop.reason, stop_sequence: stop.sequence };
      response.write(formatEvent("message_delta", { delta, usage: { output_tokens: OUTPUT_TOKENS } }));
      response.end(formatEvent("message_stop", {}));
    },
  };
}

const toList = (text: string | readonly string[]): readonly string[] => (typeof text === "string" ? [text] : text);

/** Writes a text up to the first of the request's stop sequences; true when one was met, and the answer is over. */
function writeText(writer: MessageWriter, { body }: ApiCall, pieces: readonly string[]): boolean {
  const cutter = createCutter(body);
  const shown: string[] = [];
  let sequence: string | undefined;
  for (const piece of pieces) {
    const { text, met } = cutter.push(piece);
    shown.push(text);
    sequence = met;
    if (sequence !== undefined) break;
  }
  if (sequence === undefined) shown.push(cutter.end());
  else writer.setStop("stop_sequence", sequence);
  const isCut = shown.join("") !== pieces.join("");
  const deltas = isCut ? shown.filter((text) => text !== "") : pieces;
  writer.block(
    { type: "text", text: "" },
    deltas.map((text) => ({ type: "text_delta", text })),
    { text: deltas.join("") },
  );
  return sequence !== undefined;
}

function writeThinking(writer: MessageWriter, pieces: readonly string[], signature = "c2ln"): void {
  const deltas = pieces.map((thinking) => ({ type: "thinking_delta", thinking }));
  writer.block({ type: "thinking", thinking: "", signature: "" }, [...deltas, { type: "signature_delta", signature }], {
    thinking: pieces.join(""),
    signature,
  });
}

function writeTool(writer: MessageWriter, id: string, name: string, input: unknown): void {
  writer.setStop("tool_use");
  const pieces = JSON.stringify(input).match(/.{1,7}/gsu) ?? [];
  const deltas = pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }));
  writer.block({ type: "tool_use", id, name, input: {} }, deltas, { input });
}

function finish(writer: MessageWriter, response: ServerResponse, last: LastStep): void {
  if ("status" in last) {
    const error = { type: last.type ?? "api_error", message: last.message ?? `status ${last.status}` };
    response
      .writeHead(last.status, { "content-type": "application/json", ...last.headers })
      .end(JSON.stringify({ type: "error", error }));
    return;
  }
  writer.open();
  if ("error" in last) {
    response.write(formatEvent("error", { error: { type: last.error, message: last.error } }));
    response.end();
  } else if ("die" in last) {
    // What was written is to arrive before the connection breaks.
    response.write("", () => response.destroy());
  }
}

/** Answers a call with these steps. */
async function play(steps: Iterable<Step>, response: ServerResponse, call: ApiCall, serial: number): Promise<void> {
  const writer = createWriter(response, call, serial);
  for (const step of steps) {
    if ("text" in step) {
      if (writeText(writer, call, toList(step.text))) break;
    } else if ("thinking" in step) writeThinking(writer, toList(step.thinking), step.signature);
    else if ("tool" in step) writeTool(writer, step.id ?? `toolu_${serial}_${writer.count}`, step.tool, step.input);
    else if ("redacted" in step) writer.block({ type: "redacted_thinking", data: step.redacted }, [], {});
    else if ("stop" in step) writer.setStop(step.stop, step.sequence);
    else if ("usage" in step) writer.addUsage(step.usage);
    else if ("headers" in step && !("status" in step)) writer.setHeaders(step.headers);
    else if ("until" in step) {
      writer.open();
      await step.until;
    } else return finish(writer, response, step);
  }
  writer.end();
}

/** What the API says without a script. */
const hello = (): Step[] => [{ text: ["Hello", " world"] }];

/** Starts the API; it ends with the scope. Without a script it answers "Hello world" in two deltas. */
export async function startUpstream(t: Scope): Promise<Upstream> {
  const calls: ApiCall[] = [];
  const waiting: { count: number; resolve: (call: ApiCall) => void }[] = [];
  let script: (call: ApiCall, at: number) => Iterable<Step> = hello;
  /** Answers so far, also before a reset: the CLI takes two messages of one id for parts of the same. */
  let answers = 0;

  async function take({ request, response, body, bytes }: StandInCall): Promise<void> {
    const closed = once(response, "close").then(() => !response.writableFinished);
    const call: ApiCall = { body: body as ApiBody, bytes, headers: request.headers, closed };
    const at = calls.push(call) - 1;
    for (const waiter of waiting) if (calls.length >= waiter.count) waiter.resolve(call);
    await play(script(call, at), response, call, answers++);
  }

  const server = createServer(createStandIn(take));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer(next) {
      script = next;
    },
    reset() {
      script = hello;
      calls.length = 0;
      waiting.length = 0;
    },
    called(count) {
      const reached = calls[count - 1];
      return reached ? Promise.resolve(reached) : new Promise((resolve) => waiting.push({ count, resolve }));
    },
  };
}

/** The messages of a call without what the CLI adds by itself: its environment note and cache marks. */
export function toPlainMessages(call: ApiCall | undefined): { role: string; content: unknown }[] {
  const plain = JSON.parse(
    JSON.stringify(call?.body.messages ?? [], (key, value: unknown) => (key === "cache_control" ? undefined : value)),
  ) as {
    role: string;
    content: unknown;
  }[];
  return plain
    .filter(({ role }) => role !== "system")
    .map(({ role, content }) => ({
      role,
      content: typeof content === "string" ? [{ type: "text", text: content }] : content,
    }));
}

/** The same as one line a message, such as "user: hi"; blocks that hold no text show their type. */
export function toDialogue(call: ApiCall | undefined): string[] {
  return toPlainMessages(call).map(({ role, content }) => {
    const blocks = content as { type: string; text?: string }[];
    return `${role}: ${blocks.map(({ type, text }) => text ?? `<${type}>`).join("|")}`;
  });
}

/** The last thing a user said in this call. */
export function toLastWords(call: ApiCall): string {
  return (
    toDialogue(call)
      .at(-1)
      ?.replace(/^user: /, "") ?? ""
  );
}
