/** A turn asked for over HTTP: decoded, run, and written as it comes or as a whole. Late failures go in-band. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { optional, toOneOf } from "../codec/check.ts";
import type { Codec, Meta } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import { toPromptTokens } from "../core/event.ts";
import type { EventStream, TurnEvent, Usage } from "../core/event.ts";
import type { Models } from "../core/model.ts";
import { PROFILES, toOwnTools } from "../core/profile.ts";
import type { Profile } from "../core/profile.ts";
import { collect } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import { formatFrames, SSE_COMMENT } from "../lib/sse.ts";
import type { Telegram } from "../notify/telegram.ts";
import type { Run } from "../session/run.ts";
import { readJson } from "./body.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

export interface AnswerOptions {
  readonly run: Run;
  readonly models: Models;
  readonly telegram: Telegram;
  /** The CLI's own tools that a turn may use at most. */
  readonly tools: Profile;
  /** Longest time a reader may leave what was written unread, in milliseconds. */
  readonly stallMs: number;
  /** Silence after which a stream is kept alive; the first time it also commits to 200. */
  readonly heartbeatMs: number;
}

/** Everything one answer is written with. */
interface Writing {
  readonly exchange: Exchange;
  readonly codec: Codec;
  readonly turn: Turn;
  readonly meta: Meta;
  readonly headers: OutgoingHttpHeaders;
  /** The model expected to answer, for a stream that must begin before it is known. */
  readonly expected: string;
}

const STREAM_HEADERS: OutgoingHttpHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/**
 * Deltas that come faster than this are written together: a write each costs proxy and client more than the rest of
 * the way does. A model at its usual pace, tens of milliseconds a delta, is never held up.
 */
const BURST_MS = 4;

const SESSION_NAME = /^[\x21-\x7e]{1,200}$/;
/** Field names can hold anything; header values cannot. */
const HEADER_SAFE = /^[\w.[\]-]{1,80}$/;
const MOST_NAMED = 40;

/** Makes the handler of all turns. */
export function createAnswer(options: AnswerOptions): (codec: Codec, exchange: Exchange) => Promise<void> {
  const { run, models, telegram, stallMs, heartbeatMs } = options;

  /** Writes and, where the reader is slow, waits for it: that holds back the CLI, and no one else. */
  async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
    if (response.write(text)) return;
    const stalled = AbortSignal.timeout(stallMs);
    await once(response, "drain", { signal: AbortSignal.any([signal, stalled]) }).catch((error: unknown) => {
      if (stalled.aborted) response.destroy();
      throw error;
    });
  }

  async function stream(writing: Writing, events: EventStream): Promise<void> {
    const { exchange, codec, turn, meta, headers, expected } = writing;
    const { response, signal } = exchange;
    const encode = codec.createEncoder(turn, meta);
    let hasShown = false;

    /** Leaves out what a retraction has voided; what the client has seen already cannot be left out. */
    function toStanding(batch: readonly TurnEvent[]): readonly TurnEvent[] {
      const at = batch.findLastIndex(({ type }) => type === "retract");
      if (at === -1) return batch;
      if (hasShown) throw new ProxyError("bad_gateway", "Cannot finish answer: the API broke off in mid-stream");
      return batch.filter(({ type }, place) => type === "start" || place > at);
    }

    function toText(batch: readonly TurnEvent[]): string {
      const standing = toStanding(batch);
      hasShown ||= standing.some(({ type }) => type !== "start");
      return formatFrames(standing.flatMap(encode));
    }

    function keepAlive(): void {
      const text = response.headersSent ? SSE_COMMENT : toText([{ type: "start", model: expected }]);
      if (!response.headersSent) response.writeHead(200, headers);
      if (!response.writableNeedDrain) response.write(text);
    }

    let lastWriteAt = Number.NEGATIVE_INFINITY;
    const heartbeat = setInterval(keepAlive, heartbeatMs);
    try {
      for await (const batch of events) {
        noteEnd(exchange, batch);
        const text = toText(batch);
        if (text === "") continue;
        if (!response.headersSent) response.writeHead(200, headers);
        await write(response, text, signal);
        heartbeat.refresh();
        const now = performance.now();
        if (now - lastWriteAt < BURST_MS) await delay(BURST_MS);
        lastWriteAt = now;
      }
      response.end();
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** A session's name counts only where the request brings no history of its own: then the history is the truth. */
  function readName({ request }: Exchange, turn: Turn): { name: string | undefined; ignored: readonly string[] } {
    const name = request.headers["x-session-id"];
    if (typeof name !== "string") return { name: undefined, ignored: turn.ignored };
    if (!SESSION_NAME.test(name)) {
      throw new ProxyError("invalid_request", "Cannot read x-session-id: expected 1 to 200 visible ASCII characters", { param: "x-session-id" });
    }
    return turn.messages.length === 1 ? { name, ignored: turn.ignored } : { name: undefined, ignored: [...turn.ignored, "x-session-id"] };
  }

  return async (codec, exchange) => {
    const turn = codec.decode(await readJson(exchange.request));
    const model = models.resolve(turn.model);
    const { name, ignored } = readName(exchange, turn);
    exchange.note({ model: model.id, stream: turn.stream });
    const meta: Meta = { id: randomUUID().replaceAll("-", ""), createdAtSeconds: Math.floor(Date.now() / 1000) };
    const named = ignored.filter((field) => HEADER_SAFE.test(field)).slice(0, MOST_NAMED);
    const headers = named.length === 0 ? {} : { "x-ignored-parameters": named.join(", ") };
    const tools = toOwnTools({
      allowed: options.tools,
      asked: readProfile(exchange),
      webSearch: turn.webSearch,
      hasClientTools: turn.tools.length > 0,
    });
    const chat = telegram.chooseChat(readHeader(exchange, "x-telegram-chat-id"));
    const events = telegram.watch(run({ turn, model: model.argument, isPinned: model.isPinned, tools, name }, exchange.signal), chat);
    if (turn.stream) return stream({ exchange, codec, turn, meta, headers: { ...STREAM_HEADERS, ...headers }, expected: model.id }, events);
    const reply = await collect(events);
    noteUsage(exchange, reply.model, reply.usage);
    return sendJson(exchange, 200, codec.encodeReply(reply, turn, meta), headers);
  };
}

/** A header of ours. Several of a name come as one, separated by commas. */
function readHeader({ request }: Exchange, name: string): string | undefined {
  return request.headers[name]?.toString();
}

function readProfile(exchange: Exchange): Profile | undefined {
  return optional(readHeader(exchange, "x-claude-tools"), "x-claude-tools", toOneOf(PROFILES));
}

function noteUsage(exchange: Exchange, model: string, usage: Usage): void {
  exchange.note({ model, tokens_in: toPromptTokens(usage), tokens_out: usage.output });
}

function noteEnd(exchange: Exchange, batch: readonly TurnEvent[]): void {
  for (const event of batch) {
    if (event.type === "start") exchange.note({ model: event.model });
    if (event.type === "done") exchange.note({ tokens_in: toPromptTokens(event.usage), tokens_out: event.usage.output });
  }
}
