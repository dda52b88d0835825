/** What a chat request says of the form of its answer. */
import type { Turn } from "../../core/turn.ts";

export interface ChatEcho {
  /** A stream ends with a usage chunk. */
  readonly includeUsage: boolean;
  /** The request speaks of `functions`, so the answer does: one `function_call`, no ids. */
  readonly isLegacy: boolean;
}

export function toEcho({ includeUsage, isLegacy }: ChatEcho): Turn["echo"] {
  return { includeUsage, isLegacy };
}

export function readEcho({ echo }: Turn): ChatEcho {
  return { includeUsage: echo["includeUsage"] === true, isLegacy: echo["isLegacy"] === true };
}
