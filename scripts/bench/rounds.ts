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

/** Measures each way once in each round, after one round that does not count. The first changes with the round. */
export async function playRounds<Name extends string>(ways: readonly Way<Name>[], options: RoundsOptions): Promise<Record<Name, Answer[]>> {
  const expected = toText(options.deltas);
  const answers = Object.fromEntries(ways.map(([name]) => [name, []])) as unknown as Record<Name, Answer[]>;
  for (let round = 0; round <= options.rounds; round++) {
    for (let at = 0; at < ways.length; at++) {
      const way = ways[(at + round) % ways.length];
      if (!way) continue;
      const [name, measure] = way;
      const answer = await measure();
      options.tally.check(answer.text, expected);
      if (round > 0) answers[name].push(answer);
    }
  }
  return answers;
}
