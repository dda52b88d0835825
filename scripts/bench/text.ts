/** The text of a measured answer: numbered words, so that a lost, doubled or swapped delta shows. */

/** One delta of an answer. */
export const toDelta = (at: number): string => `${at} `;

/** The whole answer of so many deltas. */
export const toText = (deltas: number): string => Array.from({ length: deltas }, (_, at) => toDelta(at)).join("");

/** A user's message that makes the stand-in API answer with so many deltas. */
export const toPrompt = (deltas: number): string => `deltas=${deltas}`;

/** The answer that a prompt asks for; a few deltas when it does not say. */
export const toCount = (prompt: string): number => Number(/deltas=(\d+)/.exec(prompt)?.[1] ?? 3);
