/**
 * One client of the soak: conversation after conversation, each answer compared with the only right one, some turns
 * left midway.
 */
import type { Random } from "../../test/helpers/random.ts";
import { toExpected, toWords } from "./model.ts";
import { TalkError } from "./talk.ts";
import type { Talk } from "./talk.ts";

/** A turn that failed, by `performance.now()`. */
export interface Failure {
  readonly from: number;
  readonly to: number;
  readonly what: string;
  /** It was an error of the proxy's, and not a wrong answer. */
  readonly isError: boolean;
}

export interface Counts {
  asked: number;
  right: number;
  left: number;
  readonly failures: Failure[];
}

export interface UserOptions {
  readonly random: Random;
  readonly counts: Counts;
  /** True once no further turn is to begin. */
  readonly isOver: () => boolean;
  /** A number for each conversation of all clients. */
  readonly nextConversation: () => number;
}

const MOST_TURNS = 6;
const LEAVE_CHANCE = 0.08;
const LEAVE_WITHIN_MS = 400;
const PATIENCE_MS = 120_000;

/** Asks one turn; true when its answer was right. */
async function ask(talk: Talk, conversation: number, turn: number, { random, counts }: UserOptions): Promise<boolean> {
  const leaving = random.chance(LEAVE_CHANCE);
  const signal = AbortSignal.timeout(leaving ? random.below(LEAVE_WITHIN_MS) : PATIENCE_MS);
  const from = performance.now();
  counts.asked++;
  try {
    const answer = await talk.say(toWords(conversation, turn), signal);
    const expected = toExpected(conversation, turn);
    if (answer !== expected) throw new Error(`wrong answer: ${answer} instead of ${expected}`);
    counts.right++;
    return true;
  } catch (error) {
    if (leaving && signal.aborted) {
      counts.left++;
      return false;
    }
    const isError = error instanceof TalkError;
    const what = isError ? `${error.status}: ${error.message.slice(0, 300)}` : String(error);
    counts.failures.push({ from, to: performance.now(), what, isError });
    return false;
  }
}

/** Holds conversations until it is over. A turn without its answer is asked again. */
export async function useProxy(createTalk: (random: Random) => Talk, options: UserOptions): Promise<void> {
  const { random, isOver, nextConversation } = options;
  while (!isOver()) {
    const talk = createTalk(random);
    const conversation = nextConversation();
    const turns = 1 + random.below(MOST_TURNS);
    for (let turn = 0; turn < turns && !isOver();) if (await ask(talk, conversation, turn, options)) turn++;
  }
}
