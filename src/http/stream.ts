/**
 * An answer written as it comes: frames, heartbeats through silence, and backpressure from a slow reader, up to a
 * limit.
 */
import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Encoder } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import type { AnswerEvent, EventStream, TurnEvent } from "../core/event.ts";
import { endAnswer } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

/** Limits on a stream's silence and on a reader's delay. */
export interface StreamOptions {
  /** Longest time, in milliseconds, that a reader may take for the next 64 KiB of what was written. */
  readonly stallMs: number;
  /** The same for all of an answer together, not counting the first second of each; five minutes without it. */
  readonly graceMs?: number;
  /** Silence, in milliseconds, after which a stream is kept alive; the first time it also commits to 200. */
  readonly heartbeatMs: number;
}

/** Everything one stream is written with. */
export interface Streaming {
  readonly exchange: Exchange;
  readonly encoder: Encoder;
  /** The media type of what the encoder writes. */
  readonly type: string;
  /** Headers besides those of every event stream, asked for when they are written. */
  readonly readHeaders: () => OutgoingHttpHeaders;
  /** The model expected to answer, for a stream that must begin before it is known. */
  readonly expected: string;
  /** Told of events before the client can see them; waited for where it gives a promise. */
  readonly onEvents: (events: readonly TurnEvent[]) => Promise<void> | undefined;
}

/**
 * Writes the events of one answer and ends it. @throws what the events throw; ProxyError `canceled` for a reader that
 * stalls.
 */
export type WriteStream = (streaming: Streaming, events: EventStream) => Promise<void>;

const STREAM_HEADERS: OutgoingHttpHeaders = {
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/**
 * Pause after the first write, and after one that follows another within this time: what comes meanwhile is written
 * together. One write a delta costs proxy and client more than all else. A model's usual pace is tens of milliseconds a
 * delta, so it is never held up.
 */
const BURST_MS = 4;
/** Most bytes written before the reader is waited for: so much has to be taken within the stall limit. */
const PIECE_BYTES = 64 * 1024;
/** A reader that takes a piece within this time, in milliseconds, may go on for ever. */
const PIECE_MS = 1000;
const GRACE_MS = 300_000;

/** Writes at once. By itself Node would hold the piece until all else of this round of the event loop is done. */
function writeNow(response: ServerResponse, piece: string | Uint8Array): boolean {
  const { socket } = response;
  socket?.cork();
  const isTaken = response.write(piece);
  socket?.uncork();
  return isTaken;
}

/** Waits until the reader has taken what was written. */
type Drained = () => Promise<void>;

/**
 * Makes the waits of one answer, which holds a place that others wait for. They throw ProxyError `canceled` when the
 * reader leaves, stalls, or has been slow for too long in all; it is cut off then.
 */
function createDrained(exchange: Exchange, stallMs: number, graceMs: number): Drained {
  const { response, signal, addLogFields } = exchange;
  let leftMs = graceMs;
  return async () => {
    const startedAt = performance.now();
    const stalled = AbortSignal.timeout(Math.ceil(Math.min(stallMs, PIECE_MS + leftMs)));
    try {
      await once(response, "drain", { signal: AbortSignal.any([signal, stalled]) });
    } catch {
      signal.throwIfAborted();
      addLogFields({ error: "stalled_reader" });
      response.destroy();
      throw new ProxyError("canceled", "The client does not read");
    }
    const slowMs = Math.max(0, performance.now() - startedAt - PIECE_MS);
    leftMs = Math.max(0, leftMs - slowMs);
  };
}

/** Writes a text and, where the reader is slow, waits for it: that holds back its CLI, and no one else. */
async function writeText({ response }: Exchange, text: string, drained: Drained): Promise<void> {
  if (text.length <= PIECE_BYTES / 3) {
    if (!writeNow(response, text)) await drained();
    return;
  }
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (!writeNow(response, bytes.subarray(at, at + PIECE_BYTES))) await drained();
  }
}

/** True for what no retraction voids. */
const isHead = ({ type }: TurnEvent): boolean => type === "start" || type === "mcp_servers";

/** True for what an encoder may hold back, so that it comes to be seen later. */
const isCall = ({ type }: TurnEvent): boolean => type === "call" || type === "arguments";

/** Makes the wording of one answer: events in, the text of their frames out. */
function createWording(encoder: Encoder): (batch: readonly TurnEvent[]) => string {
  let hasShown = false;

  /** Leaves out what a retraction has voided. @throws ProxyError `bad_gateway` where some of it has been shown. */
  function toStanding(batch: readonly TurnEvent[]): readonly AnswerEvent[] {
    const at = batch.findLastIndex(({ type }) => type === "retract");
    if (at !== -1 && hasShown)
      throw new ProxyError("bad_gateway", "Cannot finish answer: the API broke off in mid-stream");
    const isStanding = (event: TurnEvent, index: number): event is AnswerEvent =>
      event.type !== "retract" && (isHead(event) || index > at);
    return batch.filter(isStanding);
  }

  return (batch) => {
    const standing = toStanding(batch);
    const texts = standing.map(encoder.encode);
    // The client sees nothing of what the encoder has no words for, such as thinking that was not asked for.
    hasShown ||= standing.some((event, at) => !isHead(event) && (texts[at] !== "" || isCall(event)));
    return texts.join("");
  };
}

/** Makes the pause after each write that lets a burst gather. */
function createPace(): () => Promise<void> {
  /** The end of the last pause, or the last write that had none. */
  let lastAt: number | undefined;
  return async () => {
    if (lastAt === undefined || performance.now() - lastAt < BURST_MS) await delay(BURST_MS);
    lastAt = performance.now();
  };
}

/** Makes the writer of streams. */
export function createStreamWriter({ stallMs, graceMs = GRACE_MS, heartbeatMs }: StreamOptions): WriteStream {
  return async ({ exchange, encoder, type, readHeaders, expected, onEvents }, events) => {
    const { response, signal } = exchange;
    const toText = createWording(encoder);
    const pace = createPace();
    const drained = createDrained(exchange, stallMs, graceMs);

    function commit(): void {
      if (!response.headersSent)
        exchange.startStream({ "content-type": type, ...STREAM_HEADERS, ...readHeaders() }, encoder.fail);
    }

    function keepAlive(): void {
      const text = response.headersSent ? encoder.keepAlive() : toText([{ type: "start", model: expected }]);
      commit();
      if (!response.writableNeedDrain) response.write(text);
    }

    const heartbeat = setInterval(keepAlive, heartbeatMs);
    try {
      for await (const batch of events) {
        const pending = onEvents(batch);
        if (pending) await pending;
        const text = toText(batch);
        if (text === "") continue;
        commit();
        await writeText(exchange, text, drained);
        heartbeat.refresh();
        if (batch.at(-1)?.type === "done") exchange.completeAnswer();
        else await pace();
        // The client may have left during the pause.
        signal.throwIfAborted();
      }
      endAnswer(response);
    } finally {
      clearInterval(heartbeat);
    }
  };
}
