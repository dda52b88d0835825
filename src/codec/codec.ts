/** What every protocol provides: pure functions between its wire form and the neutral one. */
import type { ProxyError } from "../core/error.ts";
import type { TurnEvent } from "../core/event.ts";
import type { Reply } from "../core/reply.ts";
import type { Message, Turn } from "../core/turn.ts";
import type { SseFrame } from "../lib/sse.ts";

/** What an answer carries that is not in its events; handed in, so that the functions stay pure. */
export interface Meta {
  /** Letters and digits, of this answer alone; each codec puts its own prefix before it. */
  readonly id: string;
  readonly createdAtSeconds: number;
}

/** A kept answer, as far as a request that goes on from it needs it. */
export interface Earlier {
  /** The whole conversation, the answer included. */
  readonly messages: readonly Message[];
  /** The codec's own memory of the turn that was answered. */
  readonly echo: Turn["echo"];
}

/** Finds a kept answer by the id its client knows. */
export type Recall = (id: string) => Earlier | undefined;

/** The frames of one streamed answer. */
export interface Encoder {
  /** One event at a time; a second `start` gives none. `retract` is not among them: what was sent cannot be called back. */
  encode(event: TurnEvent): SseFrame[];
  /** The frames that end the stream when it has failed. */
  fail(error: ProxyError): SseFrame[];
}

/** What a protocol adds that lets clients go on from its answers, and ask for them again below its path. */
export interface Keeping {
  toId(meta: Meta): string;
  /** The part of an answered turn that later requests read: it is stored as long as the answer is. */
  toEarlier(turn: Turn, reply: Reply): Earlier;
  /** The input that a kept answer was given, or a page of it, as the query asks. */
  encodeInput(earlier: Earlier, id: string, query: URLSearchParams): unknown;
  encodeDeleted(id: string): unknown;
}

export interface Codec {
  readonly path: string;
  /** @throws ProxyError `invalid_request` naming the field; `not_found` when there is no such earlier answer. */
  decode(body: unknown, recall: Recall): Turn;
  createEncoder(turn: Turn, meta: Meta): Encoder;
  encodeReply(reply: Reply, turn: Turn, meta: Meta): unknown;
  encodeError(error: ProxyError): unknown;
  readonly keeping?: Keeping;
  /** By path: what is answered from the body alone, without a turn. */
  readonly direct?: Readonly<Record<string, (body: unknown) => unknown>>;
}
