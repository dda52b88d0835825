/** An answer written as it comes: frames, heartbeats through silence, and patience with a slow reader, up to a limit. */
import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Encoder } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import type { AnswerEvent, EventStream, TurnEvent } from "../core/event.ts";
import type { Exchange } from "./exchange.ts";

export interface StreamOptions {
  /** Longest time a reader may leave what was written unread, in milliseconds. */
  readonly stallMs: number;
  /** Silence after which a stream is kept alive; the first time it also commits to 200. */
  readonly heartbeatMs: number;
}

/** Everything one stream is written with. */
export interface Streaming {
  readonly exchange: Exchange;
  readonly encoder: Encoder;
  /** The media type of what the encoder writes. */
  readonly type: string;
  readonly headers: OutgoingHttpHeaders;
  /** The model expected to answer, for a stream that must begin before it is known. */
  readonly expected: string;
  /** Told of events before the client can see them. */
  readonly onEvents: (events: readonly TurnEvent[]) => void;
}

const STREAM_HEADERS: OutgoingHttpHeaders = {
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/**
 * Deltas that come faster than this are written together, and so is what follows the first one that soon: a write each costs
 * proxy and client more than the rest of the way does. A model at its usual pace, tens of milliseconds a delta, is never held up.
 */
const BURST_MS = 4;

/** Writes at once. By itself Node would hold the text until all else of this round of the event loop is done. */
function writeNow(response: ServerResponse, text: string): boolean {
  const { socket } = response;
  socket?.cork();
  const isTaken = response.write(text);
  socket?.uncork();
  return isTaken;
}

/** Makes the writer of streams. Its promise rejects with what the events throw. */
export function createStreamWriter({
  stallMs,
  heartbeatMs,
}: StreamOptions): (streaming: Streaming, events: EventStream) => Promise<void> {
  /** Writes and, where the reader is slow, waits for it: that holds back the CLI, and no one else. */
  async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
    if (writeNow(response, text)) return;
    const stalled = AbortSignal.timeout(stallMs);
    await once(response, "drain", { signal: AbortSignal.any([signal, stalled]) }).catch((error: unknown) => {
      if (stalled.aborted) response.destroy();
      throw error;
    });
  }

  return async ({ exchange, encoder, type, headers, expected, onEvents }, events) => {
    const { response, signal } = exchange;
    let hasShown = false;

    /** Leaves out what a retraction has voided; what the client has seen already cannot be left out. */
    function toStanding(batch: readonly TurnEvent[]): readonly AnswerEvent[] {
      const at = batch.findLastIndex(({ type }) => type === "retract");
      if (at !== -1 && hasShown)
        throw new ProxyError("bad_gateway", "Cannot finish answer: the API broke off in mid-stream");
      const isStanding = (event: TurnEvent, place: number): event is AnswerEvent =>
        event.type !== "retract" && (event.type === "start" || place > at);
      return batch.filter(isStanding);
    }

    function toText(batch: readonly TurnEvent[]): string {
      const standing = toStanding(batch);
      hasShown ||= standing.some(({ type }) => type !== "start");
      let text = "";
      for (const event of standing) text += encoder.encode(event);
      return text;
    }

    function commit(): void {
      if (!response.headersSent)
        exchange.startStream({ "content-type": type, ...STREAM_HEADERS, ...headers }, encoder.fail);
    }

    function keepAlive(): void {
      const text = response.headersSent ? encoder.keepAlive() : toText([{ type: "start", model: expected }]);
      commit();
      if (!response.writableNeedDrain) response.write(text);
    }

    let lastWriteAt: number | undefined;
    const heartbeat = setInterval(keepAlive, heartbeatMs);
    try {
      for await (const batch of events) {
        onEvents(batch);
        const text = toText(batch);
        if (text === "") continue;
        commit();
        await write(response, text, signal);
        heartbeat.refresh();
        const now = performance.now();
        if (lastWriteAt === undefined || now - lastWriteAt < BURST_MS) await delay(BURST_MS);
        signal.throwIfAborted();
        lastWriteAt = now;
      }
      response.end();
    } finally {
      clearInterval(heartbeat);
    }
  };
}
