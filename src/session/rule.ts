/** The way in which a client rewrites its history: parts of the last user message are gone from the next request. */
import type { UserMessage } from "../core/turn.ts";

/** The number of parts that go at each end of a message. Blank texts do not count. */
export interface Rule {
  readonly leading: number;
  readonly trailing: number;
}

/** The rule that leads from the parts a message had to those that are left; undefined when there is none. */
export function findRule(had: readonly string[], left: readonly string[]): Rule | undefined {
  const gone = had.length - left.length;
  if (gone <= 0 || left.length === 0) return undefined;
  for (let leading = 0; leading <= gone; leading++) {
    if (left.every((part, at) => part === had[leading + at])) return { leading, trailing: gone - leading };
  }
  return undefined;
}

/** The message as the next request will bring it; undefined where the rule does not fit, as it takes texts alone. */
export function applyRule({ content }: UserMessage, { leading, trailing }: Rule): UserMessage | undefined {
  const parts = content.filter((part) => part.type !== "text" || part.text.trim() !== "");
  const end = parts.length - trailing;
  const gone = [...parts.slice(0, leading), ...parts.slice(Math.max(0, end))];
  if (leading >= end || gone.some(({ type }) => type !== "text")) return undefined;
  return { role: "user", content: parts.slice(leading, end) };
}
