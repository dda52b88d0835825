/** What a Messages request says of the form of its answer. */
import type { Turn } from "../../core/turn.ts";

export interface MessagesEcho {
  /** Thinking comes as blocks of its own; a client that did not ask takes the first block for the answer. */
  readonly showsThinking: boolean;
}

export function toEcho({ showsThinking }: MessagesEcho): Turn["echo"] {
  return { showsThinking };
}

export function readEcho({ echo }: Turn): MessagesEcho {
  return { showsThinking: echo["showsThinking"] === true };
}
