/**
 * Histories that are to come. A client that rewrites its history is known by its own requests: from then on the next
 * history is foretold after each answer. Pure.
 */
import { toMessages } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import type { Message, Turn, UserMessage } from "../core/turn.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { applyRule, findRule } from "./rule.ts";
import type { Rule } from "./rule.ts";

/** The history that the next request of a conversation is expected to bring. */
export interface Expected {
  /** Fingerprint of a process that knows it. */
  readonly key: string;
  /** The whole history where the client rewrites it; undefined where it is what the process of the turn knows. */
  readonly rewritten: readonly Message[] | undefined;
  /** Takes down that a request has brought this rewritten history, or that none will. The first call counts. */
  settle(isMet: boolean): void;
}

/** A turn's whole answer, and the fingerprint of the conversation that it ends. */
export interface Answered {
  readonly reply: Reply;
  readonly key: string;
}

/** Rules by set-up, and the turns that they are learned from. */
export interface Forecasts {
  /**
   * Compares the history of a request with what was expected, and learns the rule that it shows. Gives the key of what
   * was expected and will not come: its process will be matched by no request.
   */
  meet(fingerprints: Fingerprints): Promise<string | undefined>;
  /** Takes down that a turn has this answer, and foretells the next history. */
  expect(turn: Turn, fingerprints: Fingerprints, answered: Answered): Promise<Expected>;
}

/** A rule in use. */
interface Learned {
  readonly rule: Rule;
  /** Forecasts in a row that did not come true. */
  misses: number;
}

/** A finished turn: the parts of its message, and the history that was expected after it. */
interface Finished {
  readonly parts: readonly string[];
  readonly expected: Expected;
}

/** A rule is dropped after this many misses in a row. */
const MOST_MISSES = 2;
/** Rules and finished turns that are remembered. */
const MOST_RULES = 100;
const MOST_FINISHED = 500;

/** Adds an entry, the youngest from now on, and drops the oldest of too many. */
function putBounded<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) if (map.size > most) map.delete(oldest);
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((part, at) => part === other[at]);

/** The last message as the next request will bring it; undefined where no rule changes it. */
function toComing({ messages }: Turn, learned: Learned | undefined): UserMessage | undefined {
  const last = messages.at(-1);
  return learned && last?.role === "user" ? applyRule(last, learned.rule) : undefined;
}

/** Makes a memory without rules. */
export function createForecasts(): Forecasts {
  /** By `Fingerprints.setUp`. */
  const rules = new Map<string, Learned>();
  /** By `TurnMark.key`. */
  const finished = new Map<string, Finished>();

  function createSettle(setUp: string, learned: Learned): Expected["settle"] {
    let isSettled = false;
    return (isMet) => {
      if (isSettled) return;
      isSettled = true;
      learned.misses = isMet ? 0 : learned.misses + 1;
      if (learned.misses >= MOST_MISSES && rules.get(setUp) === learned) rules.delete(setUp);
    };
  }

  async function foretell(turn: Turn, { setUp, after }: Fingerprints, { reply, key }: Answered): Promise<Expected> {
    const learned = rules.get(setUp);
    const coming = toComing(turn, learned);
    const answer = toMessages(reply);
    // An answer without content is no message that a transcript could hold.
    if (!learned || !coming || answer.at(-1)?.content.length === 0)
      return { key, rewritten: undefined, settle: () => undefined };
    const rewritten = [...turn.messages.slice(0, -1), coming, ...answer];
    return { key: await after(reply, coming), rewritten, settle: createSettle(setUp, learned) };
  }

  return {
    async meet({ readPrevious, before, setUp }) {
      const previous = await readPrevious();
      const past = previous && finished.get(previous.key);
      if (!past || past.expected.key === before) return undefined;
      const rule = findRule(past.parts, previous.parts);
      // Another conversation with the same answer, or an edited one, says nothing of the client's way.
      if (!rule && !isSame(past.parts, previous.parts)) return undefined;
      finished.delete(previous.key);
      past.expected.settle(false);
      if (rule) putBounded(rules, setUp, { rule, misses: 0 }, MOST_RULES);
      return past.expected.key;
    },
    async expect(turn, fingerprints, answered) {
      const expected = await foretell(turn, fingerprints, answered);
      const { key, parts } = await fingerprints.mark(answered.reply);
      putBounded(finished, key, { parts, expected }, MOST_FINISHED);
      return expected;
    },
  };
}
