/** Clients that hang up at every moment of an answer, on every protocol: each time the turn ends with its client. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { readUntil, user } from "../helpers/answer.ts";
import { untilEnded } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import { POSIX_ONLY } from "../helpers/processes.ts";
import { startProxy, STEPS_CLI, withFreshLog } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { toLastWords } from "../helpers/upstream.ts";
import type { Step } from "../helpers/upstream.ts";

/** Longest time from a hang-up to the end of its call or process: a turn that was left running has none. */
const PATIENCE_MS = 5000;
/** Moments after an event at which a client hangs up, in milliseconds. */
const MOMENTS = Array.from({ length: 21 }, (_, ms) => ms);
/** The events of the fake CLI's answer, as it numbers them. */
const EVENTS = [1, 2, 3, 4, 5];
const SCHEMA = { type: "object", properties: { at: { type: "string" } } };
const TOOL = { name: "look", description: "Looks." };

interface Protocol {
  readonly name: string;
  readonly path: string;
  toBody(words: string, stream: boolean): object;
}

const PROTOCOLS: readonly Protocol[] = [
  {
    name: "chat",
    path: "/v1/chat/completions",
    toBody: (words, stream) => ({
      model: "sonnet",
      stream,
      messages: [user(words)],
      tools: [{ type: "function", function: { ...TOOL, parameters: SCHEMA } }],
    }),
  },
  {
    name: "responses",
    path: "/v1/responses",
    toBody: (words, stream) => ({
      model: "sonnet",
      stream,
      input: words,
      tools: [{ type: "function", ...TOOL, parameters: SCHEMA }],
    }),
  },
  {
    name: "messages",
    path: "/v1/messages",
    toBody: (words, stream) => ({
      model: "sonnet",
      stream,
      max_tokens: 100,
      thinking: { type: "adaptive" },
      messages: [user(words)],
      tools: [{ ...TOOL, input_schema: SCHEMA }],
    }),
  },
];

interface Visit {
  readonly proxy: Proxy;
  readonly protocol: Protocol;
  readonly stream: boolean;
  /** What is asked, and repeated by every event of the answer: no other request's. */
  readonly words: string;
  /** Settles once the event has come at which the client is to leave. */
  readonly until: (answer: Promise<Response>) => Promise<unknown>;
  readonly afterMs: number;
}

/** Asks, waits for an event, hangs up so many milliseconds later, and gives the time of that. */
async function hangUp({ proxy, protocol, stream, words, until, afterMs }: Visit): Promise<number> {
  const client = new AbortController();
  const answer = fetch(`${proxy.url}${protocol.path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(protocol.toBody(words, stream)),
    signal: client.signal,
  });
  answer.catch(() => undefined);
  await until(answer);
  // A timer of 0 ms is one of 1 ms.
  if (afterMs > 0) await delay(afterMs);
  client.abort();
  return performance.now();
}

/** The pid that the fake CLI tells with its first event. */
async function readPid(proxy: Proxy, words: string): Promise<number> {
  const line = await proxy.logged(new RegExp(`${words}-1 pid=\\d+`));
  return Number(new RegExp(`${words}-1 pid=(\\d+)`).exec(line)?.[1]);
}

/** Runs all, so many at a time. */
async function runSide(runs: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const left = [...runs];
  const work = async (): Promise<void> => {
    for (let run = left.shift(); run; run = left.shift()) await run();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

const args = ["--claude", STEPS_CLI, "--spares", "0", "--max-concurrent", "4", "--log-level", "trace"];
const fake = await startProxy({ after }, { args, env: { FAKE_CLI_VERSION: NEWEST_TESTED } });
let visits = 0;

for (const protocol of PROTOCOLS) {
  for (const stream of [true, false]) {
    test(
      `${protocol.name}, ${stream ? "streamed" : "whole"}: at any moment after any event, a hang-up ends the process`,
      POSIX_ONLY,
      async () => {
        const visit = async (event: number, afterMs: number): Promise<void> => {
          const words = `w${visits++}`;
          const proxy = withFreshLog(fake);
          const seen = `${words}-${event}`;
          // A client that waits for the whole answer sees no event: the log does.
          const until = async (answer: Promise<Response>): Promise<unknown> =>
            stream ? readUntil(await answer, seen) : proxy.logged(new RegExp(`${seen}\\D`));
          const leftAt = await hangUp({ proxy, protocol, stream, words, until, afterMs });
          const pid = await readPid(proxy, words);
          await untilEnded(proxy, pid);
          const ms = Math.round(performance.now() - leftAt);
          assert.ok(ms < PATIENCE_MS, `event ${event}, ${afterMs} ms after it: ended after ${ms} ms`);
        };
        // To a client that waits for the whole answer nothing is written: what differs is the moment alone.
        const toEvents = (afterMs: number): readonly number[] =>
          stream ? EVENTS : [EVENTS[afterMs % EVENTS.length] ?? 1];
        const runs = MOMENTS.flatMap((afterMs) => toEvents(afterMs).map((event) => () => visit(event, afterMs)));
        await runSide(runs, 4);
      },
    );
  }
}

/** The beginnings of an answer, each of which the API never goes on from. */
const BEGINNINGS: readonly (readonly Step[])[] = [
  [],
  [{ thinking: "hm" }],
  [{ text: "begun" }],
  [{ thinking: "hm" }, { text: ["begun", " and"] }],
];

function toBeginning(at: number): readonly Step[] {
  return BEGINNINGS[at % BEGINNINGS.length] ?? [];
}

for (const [place, protocol] of PROTOCOLS.entries()) {
  test(`${protocol.name}: with the real CLI a hang-up closes the call to the API, at any moment after it has begun`, async (t) => {
    const { upstream, proxy } = await startPair(t);
    upstream.answer((call) => [...toBeginning(Number(/\d+/.exec(toLastWords(call))?.[0])), { hang: true }]);
    // Each beginning once.
    for (const [at, afterMs] of MOMENTS.filter((ms) => ms % 6 === place).entries()) {
      const shown = toBeginning(at).some((step) => "text" in step);
      const until = async (answer: Promise<Response>): Promise<unknown> =>
        shown ? readUntil(await answer, "begun") : upstream.called(at + 1);
      const leftAt = await hangUp({ proxy, protocol, stream: shown, words: `hi ${at}`, until, afterMs });
      assert.equal(await (await upstream.called(at + 1)).closed, true);
      const ms = Math.round(performance.now() - leftAt);
      assert.ok(ms < PATIENCE_MS, `${afterMs} ms after the event: closed after ${ms} ms`);
    }
  });
}
