/**
 * The largest requests that are served: how long they hold up everybody else, beyond the time that `JSON.parse` takes.
 * Another process sends them, so that what is measured here is the proxy alone.
 */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text as readAll } from "node:stream/consumers";
import type { Place } from "./place.ts";
import type { Proxy } from "./proxy.ts";
import { atMost, median, state, toText } from "./report.ts";
import type { Findings, Row } from "./report.ts";
import type { Tally } from "./rounds.ts";

/** Most messages of one request. */
const MESSAGES = 10_000;
/** Parts of each of them, so that the request holds nearly as many values as are taken. */
const PARTS = 7;
/** Longest time that a request may hold up the others beyond `JSON.parse`. */
const MOST_HELD_MS = 50;
const SENDER = "scripts/bench/post.mjs";

const toMessages = (count: number, toContent: (at: number) => unknown, isInTurns: boolean): object[] =>
  Array.from({ length: count }, (_, at) => ({
    role: isInTurns && at % 2 === 1 ? "assistant" : "user",
    content: toContent(at),
  }));

const toPart = (at: number, part: number): object => ({ type: "text", text: `message ${at}, part ${part}` });

/** By name: as many messages, values or bytes as one request may hold. */
const SHAPES: Readonly<Record<string, readonly object[]>> = {
  [`${MESSAGES} user messages`]: toMessages(MESSAGES, (at) => `message ${at}`, false),
  [`${MESSAGES} messages in turns`]: toMessages(MESSAGES - 1, (at) => `message ${at}`, true),
  [`${MESSAGES} messages of ${PARTS} parts`]: toMessages(
    MESSAGES - 1,
    (at) => Array.from({ length: PARTS }, (_, part) => toPart(at, part)),
    true,
  ),
  "a history of 30 MB": [
    { role: "user", content: "A text of thirty megabytes. ".repeat(1_100_000) },
    { role: "assistant", content: "I have read it." },
    { role: "user", content: "Go on." },
  ],
};

/** Asks for `/health` again and again until `act` is done; gives the longest time one of the answers took. */
async function measureHeldMs({ client }: Proxy, act: () => Promise<void>): Promise<number> {
  let isOver = false;
  let most = 0;
  async function watch(): Promise<void> {
    while (!isOver) {
      const startedAt = performance.now();
      await client.read("/health");
      most = Math.max(most, performance.now() - startedAt);
    }
  }
  const watching = watch();
  await act().finally(() => {
    isOver = true;
  });
  await watching;
  return most;
}

function measureParseMs(body: string): number {
  const startedAt = performance.now();
  JSON.parse(body);
  return performance.now() - startedAt;
}

/** One server, and how often each shape is sent. */
export interface LargeOptions {
  readonly place: Place;
  readonly proxy: Proxy;
  readonly rounds: number;
  readonly tally: Tally;
}

/** Sends each shape a few times and takes the median: what else the machine did meanwhile is not the proxy's. */
export async function measureLarge({ place, proxy, rounds, tally }: LargeOptions): Promise<Findings> {
  const rows: Row[] = [];
  const samples: Record<string, number[]> = {};
  const file = join(place.home, "large.json");
  const post = async (): Promise<void> => {
    const args = [SENDER, `${proxy.url}/v1/chat/completions`, file];
    const sender = place.start(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [answer] = await Promise.all([readAll(sender.stdout as Readable), once(sender, "exit")]);
    tally.check(/"content":"[^"]/.test(answer) ? "answered" : answer, "answered");
  };
  for (const [name, messages] of Object.entries(SHAPES)) {
    const body = JSON.stringify({ model: "claude-sonnet-4", messages });
    writeFileSync(file, body);
    const held: number[] = [];
    for (let round = 0; round < rounds; round++) held.push(await measureHeldMs(proxy, post));
    const parseMs = median(held.map(() => measureParseMs(body)));
    samples[`largest legal request, ${name}, held, ms`] = held;
    rows.push(
      state(`largest legal request, ${name}: JSON.parse alone`, `${toText(parseMs)} ms`),
      atMost("… longest wait of another client meanwhile", median(held), parseMs + MOST_HELD_MS, " ms"),
    );
  }
  return { rows, samples };
}
