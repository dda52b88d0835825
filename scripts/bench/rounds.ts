/** Interleaved rounds: every way is measured in every round, so that what disturbs the machine disturbs all alike. */
import type { Answer } from "./clock.ts";
import { toText } from "./text.ts";

/** Counts the answers whose text was exactly what the model said. */
export interface Tally {
  check(text: string, expected: string): void;
  readonly runs: number;
  readonly exact: number;
}

export function createTally(): Tally {
  let runs = 0;
  let exact = 0;
  return {
    check(text, expected) {
      runs++;
      if (text === expected) exact++;
    },
    get runs() {
      return runs;
    },
    get exact() {
      return exact;
    },
  };
}

export type Way<Name extends string> = readonly [name: Name, measure: () => Promise<Answer>];

export interface RoundsOptions {
  readonly rounds: number;
  /** Of each answer. */
  readonly deltas: number;
  readonly tally: Tally;
}

/** The ways from another one on each round; as often backwards as forwards. */
function toOrder<Each>(ways: readonly Each[], round: number): Each[] {
  const isBack = Math.floor(round / ways.length) % 2 === 1;
  const from = (isBack ? round + ways.length - 1 : round) % ways.length;
  const line = isBack ? ways.toReversed() : ways;
  return [...line.slice(from), ...line.slice(0, from)];
}

/**
 * Measures each way once in each round, after one round that does not count. What ran before a way shows in its time,
 * so the order changes: in twice as many rounds as there are ways, two or three, each has followed each other equally
 * often.
 */
export async function playRounds<Name extends string>(
  ways: readonly Way<Name>[],
  options: RoundsOptions,
): Promise<Record<Name, Answer[]>> {
  const expected = toText(options.deltas);
  const answers = Object.fromEntries(ways.map(([name]) => [name, []])) as unknown as Record<Name, Answer[]>;
  for (let round = 0; round <= options.rounds; round++) {
    for (const [name, measure] of toOrder(ways, round)) {
      const answer = await measure();
      options.tally.check(answer.text, expected);
      if (round > 0) answers[name].push(answer);
    }
  }
  return answers;
}
