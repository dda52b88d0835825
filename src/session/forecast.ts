/**
 * Histories that are to come. A client that rewrites its history is known by its own requests: from then on the next
 * history is foretold after each answer. Pure.
 */
import { toMessages } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import type { Message, Turn } from "../core/turn.ts";
import type { Fingerprints, TurnMark } from "./fingerprint.ts";
import { findGone, findSubject, removeGone } from "./rule.ts";
import type { Rule, Subject } from "./rule.ts";

/** The history that the next request of a conversation is expected to bring. */
export interface Expected {
  /** Fingerprint of a process that knows it. */
  readonly key: string;
  /** The whole history where the client rewrites it; undefined where it is what the process of the turn knows. */
  readonly rewritten: readonly Message[] | undefined;
  /** Records that a request has brought this rewritten history, or that none will. The first call counts. */
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
  /** Records that a turn has this answer, and foretells the next history. */
  expect(turn: Turn, fingerprints: Fingerprints, answered: Answered): Promise<Expected>;
}

/** A rule in use. */
interface Learned {
  rule: Rule;
  /** Forecasts in a row that did not come true. */
  misses: number;
}

/** A finished turn: the parts of a message of it, and what was expected after it. */
interface Finished {
  readonly parts: readonly string[];
  /** Without the history itself, which may be large: hundreds of turns are remembered. */
  readonly expected: Pick<Expected, "key" | "settle">;
  /** The answer calls tools: their results come next. */
  readonly isCalling: boolean;
  /** The subject of the rule if parts are gone now; undefined for a prompt answered at once: it may be either. */
  readonly shows: Subject | undefined;
}

/** In the order in which they are looked for. */
const SUBJECTS = ["message", "prompt"] as const;

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

const isCallingTools = ({ calls }: Reply): boolean => calls.length > 0;

/** The turn's messages as the next request will bring them; undefined where the rule changes none. */
function toComing({ messages }: Turn, { subject, gone }: Rule, isCalling: boolean): readonly Message[] | undefined {
  if (subject === "prompt" && isCalling) return undefined;
  const at = findSubject(messages, subject);
  const message = messages[at];
  const coming = message?.role === "user" ? removeGone(message, gone) : undefined;
  return coming && messages.with(at, coming);
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
    const coming = learned && toComing(turn, learned.rule, isCallingTools(reply));
    const answer = toMessages(reply);
    // An answer without content is no message that a transcript could hold.
    if (!coming || answer.at(-1)?.content.length === 0) return { key, rewritten: undefined, settle: () => undefined };
    const rewritten = [...coming, ...answer];
    return { key: await after(reply, coming), rewritten, settle: createSettle(setUp, learned) };
  }

  /** Learns from a finished turn, of which these parts are left; false when it tells nothing. */
  function learn(setUp: string, { parts, expected, isCalling, shows }: Finished, left: readonly string[]): boolean {
    const gone = findGone(parts, left);
    // Another conversation with the same answer, or an edited one, says nothing of the client's way.
    if (!gone && !isSame(parts, left)) return false;
    const known = rules.get(setUp)?.rule.subject;
    expected.settle(false);
    const learned = rules.get(setUp);
    if (gone) putBounded(rules, setUp, { rule: { subject: shows ?? known ?? "message", gone }, misses: 0 }, MOST_RULES);
    // Parts that stay while calls are answered may go with the prompt's end.
    else if (learned && isCalling) learned.rule = { ...learned.rule, subject: "prompt" };
    return true;
  }

  async function remember(fingerprints: Fingerprints, { reply }: Answered, { key, settle }: Expected): Promise<void> {
    const expected = { key, settle };
    const isCalling = isCallingTools(reply);
    const message = await fingerprints.mark(reply, "message");
    const prompt = isCalling ? undefined : await fingerprints.mark(reply, "prompt");
    const put = (mark: TurnMark, shows: Subject | undefined): void =>
      putBounded(finished, mark.key, { parts: mark.parts, expected, isCalling, shows }, MOST_FINISHED);
    if (message) put(message, isCalling || prompt ? "message" : undefined);
    if (prompt) put(prompt, "prompt");
  }

  return {
    async meet({ readPrevious, before, setUp }) {
      for (const subject of SUBJECTS) {
        const previous = await readPrevious(subject);
        const past = previous && finished.get(previous.key);
        if (!past) continue;
        if (past.expected.key === before || !learn(setUp, past, previous.parts)) return undefined;
        finished.delete(previous.key);
        return past.expected.key;
      }
      return undefined;
    },
    async expect(turn, fingerprints, answered) {
      const expected = await foretell(turn, fingerprints, answered);
      await remember(fingerprints, answered, expected);
      return expected;
    },
  };
}
