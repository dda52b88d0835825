/**
 * The proxy's own CPU time for each delta, at one, ten and fifty streams at once, out of CLIs that cost nothing to wait
 * for.
 */
import { randomUUID } from "node:crypto";
import type { Client, ChatMessage } from "./client.ts";
import { readCpuMs } from "./proc.ts";
import type { Proxy } from "./proxy.ts";
import { atMost, state, toText as toFigure } from "./report.ts";
import type { Findings } from "./report.ts";
import type { Tally } from "./rounds.ts";
import { toText } from "./text.ts";

/** Conversations, each with a live CLI; also the most streams at once. */
export const FLOOD_STREAMS = 50;
/** Of each answer, as the fake CLI is told. */
export const FLOOD_DELTAS = 5000;

const EXPECTED = toText(FLOOD_DELTAS);

type Talk = ChatMessage[];

async function playNext(client: Client, talk: Talk, tally: Tally): Promise<void> {
  talk.push({ role: "user", content: `talk ${randomUUID()}` });
  const { text } = await client.stream(talk);
  tally.check(text, EXPECTED);
  talk.push({ role: "assistant", content: text });
}

/** CPU milliseconds for 1,000 deltas when these talks go on, so many at once. */
async function measure({ pid, client }: Proxy, talks: readonly Talk[], atOnce: number, tally: Tally): Promise<number> {
  const before = readCpuMs(pid);
  for (let from = 0; from < talks.length; from += atOnce) {
    await Promise.all(talks.slice(from, from + atOnce).map((talk) => playNext(client, talk, tally)));
  }
  return ((readCpuMs(pid) - before) * 1000) / (talks.length * FLOOD_DELTAS);
}

const mean = (samples: readonly number[]): number => samples.reduce((sum, value) => sum + value, 0) / samples.length;

/** Opens fifty conversations, then goes on with some of them one at a time, some in tens, and all at once. */
export async function measureFlood(proxy: Proxy, rounds: number, tally: Tally): Promise<Findings> {
  const talks: Talk[] = Array.from({ length: FLOOD_STREAMS }, () => []);
  // The first turn of each does not count: it starts a process.
  await measure(proxy, talks, FLOOD_STREAMS, tally);
  const one: number[] = [];
  const ten: number[] = [];
  const fifty: number[] = [];
  for (let round = 0; round < rounds; round++) {
    one.push(await measure(proxy, talks.slice(0, 10), 1, tally));
    ten.push(await measure(proxy, talks.slice(10, 30), 10, tally));
    fifty.push(await measure(proxy, talks, FLOOD_STREAMS, tally));
  }
  return {
    rows: [
      state("proxy CPU for 1,000 deltas: 1 stream", `${toFigure(mean(one))} ms`),
      state("… 10 streams at once", `${toFigure(mean(ten))} ms`),
      state("… 50 streams at once", `${toFigure(mean(fifty))} ms`),
      atMost("… 50 streams / 1 stream", mean(fifty) / mean(one), 1.5, " ×"),
    ],
    samples: { "CPU for 1,000 deltas, 1 stream, ms": one, "… 10 streams": ten, "… 50 streams": fifty },
  };
}
