/** The next turn of a conversation while the status page is open, beside the same turn while it is not. */
import type { Answer } from "./clock.ts";
import { createTalk } from "./latency.ts";
import type { LatencyOptions } from "./latency.ts";
import { atMost, median, state, toSpread } from "./report.ts";
import type { Findings } from "./report.ts";
import { playRounds } from "./rounds.ts";
import { toPrompt } from "./text.ts";

/** As long as a usual answer: the page is told of it several times. */
const DELTAS = 500;
const SHARE = 1.01;
/** Times differ by as much where nothing differs. */
const GRACE_MS = 1;

export async function measureOpenPage({ proxy, tally, rounds }: LatencyOptions): Promise<Findings> {
  const talk = createTalk(proxy);
  const prompt = toPrompt(DELTAS);
  await talk.next(prompt);

  async function playWatched(): Promise<Answer> {
    const leave = await proxy.client.follow("/usage/events");
    try {
      return await talk.next(prompt);
    } finally {
      leave();
    }
  }

  const answers = await playRounds([["open", playWatched] as const, ["closed", () => talk.next(prompt)] as const], {
    rounds,
    deltas: DELTAS,
    tally,
  });
  const toWholes = (list: readonly Answer[]): number[] => list.map(({ wholeMs }) => wholeMs);
  const [open, closed] = [toWholes(answers.open), toWholes(answers.closed)];
  const most = Math.max(SHARE * median(closed), median(closed) + GRACE_MS);
  return {
    rows: [
      state(`${DELTAS} deltas, whole answer: the page closed`, toSpread(closed, "ms")),
      state("… the page open", toSpread(open, "ms")),
      atMost(`… page open, where ${SHARE} × closed or ${GRACE_MS} ms more may be`, median(open), most, " ms"),
    ],
    samples: { "whole answer, page open, ms": open, "whole answer, page closed, ms": closed },
  };
}
