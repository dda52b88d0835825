/** What a Responses request leaves to its answer, and to the requests that go on from that. */
import { toMessage } from "../../core/reply.ts";
import type { Reply } from "../../core/reply.ts";
import type { Turn } from "../../core/turn.ts";
import type { Earlier } from "../codec.ts";
import type { RequestFields } from "./wire.ts";

/** The part that later requests read. */
export interface StoredEcho {
  /** System texts of the input, earlier ones included: unlike `instructions`, they hold for what follows too. */
  readonly systems: readonly string[];
  /** The input items as they came. */
  readonly input: readonly unknown[];
}

export interface ResponsesEcho extends StoredEcho {
  readonly request: RequestFields;
}

export function toEcho({ request, systems, input }: ResponsesEcho): Turn["echo"] {
  return { request, systems, input };
}

/** Reads what `toEcho` has made. */
export function readEcho({ echo }: Pick<Turn, "echo">): ResponsesEcho {
  return echo as unknown as ResponsesEcho;
}

/** What a later request reads of this turn and its answer. */
export function toEarlier(turn: Turn, reply: Reply): Earlier {
  const { systems, input } = readEcho(turn);
  const answer = toMessage(reply);
  const messages = answer.content.length === 0 ? turn.messages : [...turn.messages, answer];
  return { messages, echo: { systems, input } };
}

/** Reads the memory that `toEarlier` has made. */
export function readStoredEcho({ echo }: Earlier): StoredEcho {
  return echo as unknown as StoredEcho;
}
