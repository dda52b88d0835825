/** The way in which a client rewrites its history: parts of one of the user's messages are gone later. */
import type { Message, UserMessage } from "../core/turn.ts";

/**
 * The message that loses parts, and when: `message` is a turn's own, from the next request on; `prompt` the last one
 * without results, from the next prompt on: while its calls are answered it stays whole.
 */
export type Subject = "message" | "prompt";

/** A way of rewriting that a client has. */
export interface Rule {
  readonly subject: Subject;
  /**
   * The places of the parts that go, as `at()` takes them: those at the beginning count from there, all others from the
   * end. Blank texts do not count.
   */
  readonly gone: readonly number[];
}

/** The places that lead from the parts a message had to those that are left; undefined when there are none. */
export function findGone(had: readonly string[], left: readonly string[]): Rule["gone"] | undefined {
  const gone: number[] = [];
  let kept = 0;
  for (const [at, part] of had.entries()) {
    if (part === left[kept]) kept++;
    else gone.push(kept === 0 ? at : at - had.length);
  }
  return gone.length > 0 && kept > 0 && kept === left.length ? gone : undefined;
}

/** The message without the parts that go; undefined where they are not there, are no texts, or are all there is. */
export function removeGone({ content }: UserMessage, gone: Rule["gone"]): UserMessage | undefined {
  const parts = content.filter((part) => part.type !== "text" || part.text.trim() !== "");
  const going = gone.map((at) => parts.at(at));
  if (going.some((part) => part?.type !== "text")) return undefined;
  const left = parts.filter((part) => !going.includes(part));
  return left.length > 0 ? { role: "user", content: left } : undefined;
}

const isPrompt = ({ role, content }: Message): boolean =>
  role === "user" && content.every(({ type }) => type !== "result");

/** The place of a turn's message, or of its prompt, among the messages that the turn was asked with; -1 without one. */
export function findSubject(messages: readonly Message[], subject: Subject): number {
  if (subject === "prompt") return messages.findLastIndex(isPrompt);
  return messages.at(-1)?.role === "user" ? messages.length - 1 : -1;
}
