/** The proxy's memory over many requests: new and continued conversations, streamed and not, several at once. */
import type { ChatMessage } from "./client.ts";
import { readRssMb } from "./proc.ts";
import type { Proxy } from "./proxy.ts";
import { atMost, median, state, toText } from "./report.ts";
import type { Findings } from "./report.ts";
import type { Tally } from "./rounds.ts";

const AT_ONCE = 4;
const TURNS = 4;
const SAMPLE_EVERY = 10;
/**
 * With V8's own young generation, 102 MB. A smaller one saved 20 MB and made JSON of many small objects three times
 * slower to parse.
 */
const MOST_MB = 120;
const MOST_GROWTH_MB = 5;
/** In fewer requests, what is loaded, compiled and kept free at first use is most of the growth. */
const ENOUGH_REQUESTS = 2000;

/** Plays so many requests; the fake CLI answers with what it was told. Gives the memory after every tenth. */
async function playRequests({ pid, client }: Proxy, requests: number, tally: Tally): Promise<number[]> {
  const samples: number[] = [];
  let begun = 0;
  let done = 0;

  async function converse(): Promise<void> {
    const messages: ChatMessage[] = [];
    for (let turn = 0; turn < TURNS && begun < requests; turn++) {
      const content = `request ${begun++}: ${"words ".repeat(50)}`;
      messages.push({ role: "user", content });
      const { text } = await (turn % 2 === 0 ? client.stream(messages) : client.ask(messages));
      tally.check(text, content);
      messages.push({ role: "assistant", content: text });
      if (++done % SAMPLE_EVERY === 0) samples.push(readRssMb(pid));
    }
  }

  async function work(): Promise<void> {
    while (begun < requests) await converse();
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return samples;
}

/** Growth is counted from the second quarter, once what is loaded and compiled at first use is there. */
export async function measureMemory(proxy: Proxy, requests: number, tally: Tally): Promise<Findings> {
  const atStart = readRssMb(proxy.pid);
  const samples = await playRequests(proxy, requests, tally);
  const quarter = Math.floor(samples.length / 4);
  const early = median(samples.slice(quarter, 2 * quarter));
  const late = median(samples.slice(-quarter));
  const growth = `… growth after the first ${requests / 4}`;
  return {
    rows: [
      state("proxy memory at the start", `${toText(atStart)} MB`),
      atMost(`… after ${requests} requests, most ever`, Math.max(...samples), MOST_MB, " MB"),
      requests < ENOUGH_REQUESTS
        ? state(growth, `${toText(late - early)} MB`)
        : atMost(growth, late - early, MOST_GROWTH_MB, " MB"),
    ],
    samples: { "proxy memory, MB": samples },
  };
}
