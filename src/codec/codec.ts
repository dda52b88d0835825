/** What every protocol provides: pure functions between its wire form and the neutral one. */
import type { ProxyError } from "../core/error.ts";
import type { TurnEvent } from "../core/event.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import type { SseFrame } from "../lib/sse.ts";

/** What an answer carries that is not in its events; handed in, so that the functions stay pure. */
export interface Meta {
  /** Letters and digits; each codec puts its own prefix before it. */
  readonly id: string;
  readonly createdAtSeconds: number;
}

/** Turns the events of one answer into frames, one event at a time. A second `start` gives none. */
export type Encoder = (event: TurnEvent) => SseFrame[];

export interface Codec {
  readonly path: string;
  /** @throws ProxyError `invalid_request` naming the field. */
  decode(body: unknown): Turn;
  /** `retract` is not among the events an encoder is given: what was sent cannot be called back. */
  createEncoder(turn: Turn, meta: Meta): Encoder;
  encodeReply(reply: Reply, turn: Turn, meta: Meta): unknown;
  encodeError(error: ProxyError): unknown;
  /** The frames that end a stream that has failed. */
  encodeStreamError(error: ProxyError): SseFrame[];
}
