/** What a chat request says of the form of its answer. */
import type { Turn } from "../../core/turn.ts";

export interface ChatEcho {
  /** A stream ends with a usage chunk. */
  readonly includeUsage: boolean;
  /** Tools of the CLI's own are told of as reasoning. */
  readonly includeProgress: boolean;
  /** The request speaks of `functions`, so the answer does: one `function_call`, no ids. */
  readonly isLegacy: boolean;
}

export function toEcho({ includeUsage, includeProgress, isLegacy }: ChatEcho): Turn["echo"] {
  return { includeUsage, includeProgress, isLegacy };
}

export function readEcho({ echo }: Turn): ChatEcho {
  const isOn = (key: keyof ChatEcho): boolean => echo[key] === true;
  return { includeUsage: isOn("includeUsage"), includeProgress: isOn("includeProgress"), isLegacy: isOn("isLegacy") };
}
