/**
 * First deltas of turns whose process is prepared before they come, beside the same preparation by hand, and what it
 * costs while nothing comes.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { choosePlace, createTranscripts, writeTranscript } from "../../src/cli/request/transcript.ts";
import type { TranscriptPlace } from "../../src/cli/request/transcript.ts";
import { decode } from "../../src/codec/chat/decode.ts";
import type { Start } from "../../src/core/start.ts";
import type { Message, Tool, UserMessage } from "../../src/core/turn.ts";
import { finish } from "../../src/lib/work.ts";
import type { Answer } from "./clock.ts";
import type { ChatMessage } from "./client.ts";
import { startByHand } from "./hand.ts";
import type { HandCli } from "./hand.ts";
import { createTalk, firsts, SHARE, SHORT, toSamples, TOOL, WARM_MS } from "./latency.ts";
import type { Around, LatencyOptions } from "./latency.ts";
import type { Place } from "./place.ts";
import { isLiveCli, readChildren, readCpuMs } from "./proc.ts";
import type { Proxy } from "./proxy.ts";
import { atLeast, atMost, median, state, toSpread, toText } from "./report.ts";
import type { Findings } from "./report.ts";
import { playRounds } from "./rounds.ts";
import { toPrompt } from "./text.ts";

const MODEL = "sonnet";
const REST_MS = 10_000;
/** After a first turn a process learns the CLI's notes, and ends. */
const LEARN_MS = 5000;

/** The share of a processor, in percent, that each of these processes takes during a rest. */
async function readShares(pids: readonly number[]): Promise<number[]> {
  const before = pids.map(readCpuMs);
  await delay(REST_MS);
  return pids.map((pid, at) => (100 * (readCpuMs(pid) - (before[at] ?? 0))) / REST_MS);
}

/**
 * The processor time of a server that nobody asks, and of its processes: the spare that it keeps then, and one that has
 * played a turn. To be measured first.
 */
export async function measureRest({ pid, client, hasSpares }: Proxy): Promise<Findings> {
  await client.stream([{ role: "user", content: toPrompt(SHORT) }]);
  await hasSpares(1);
  await delay(LEARN_MS);
  const [server = 0, ...processes] = await readShares([pid, ...readChildren(pid).filter(isLiveCli)]);
  const { sessions } = (await client.read("/health")) as { sessions: { spare: number } };
  return {
    rows: [
      atMost("at rest: the server's processor time", server, 1, " %"),
      atMost(`… the busiest of its ${processes.length} processes`, Math.max(...processes), 2, " %"),
      atMost("… spares", sessions.spare, 1),
    ],
    samples: {},
  };
}

/** Turns that have begun in this way so far. */
async function countTurns({ client }: Proxy, start: Start): Promise<number> {
  const { turns } = (await client.read("/health")) as { turns: Record<Start, number> };
  return turns[start];
}

/** No two conversations begin alike. */
function createOpenings(): () => string {
  let asked = 0;
  return () => `${toPrompt(SHORT)}, conversation ${asked++}`;
}

const PAIR_SHARE = 1.5;

/** Asks all at once. @returns the answer that began last. */
async function askAtOnce(...asks: readonly (() => Promise<Answer>)[]): Promise<Answer> {
  const answers = await Promise.all(asks.map((ask) => ask()));
  return answers.reduce((one, other) => (one.firstMs > other.firstMs ? one : other));
}

/**
 * Two new conversations at once, once that was seen twice, beside one alone; and the same by hand, which tells what the
 * machine can do.
 */
export async function measurePair({ place, proxy, tally, rounds }: LatencyOptions): Promise<Findings> {
  const toOpening = createOpenings();
  const open = (): Promise<Answer> => proxy.client.stream([{ role: "user", content: toOpening() }]);
  const openPair = (): Promise<Answer> => askAtOnce(open, open);

  async function openByHand(count: number): Promise<Answer> {
    const hands = Array.from({ length: count }, () => startByHand(place));
    await delay(WARM_MS);
    const answer = await askAtOnce(...hands.map((hand) => () => hand.turn(toOpening())));
    await Promise.all(hands.map((hand) => hand.end()));
    return answer;
  }

  async function afterRest(ask: () => Promise<Answer>): Promise<Answer> {
    await proxy.hasSpares(2);
    await delay(WARM_MS);
    return ask();
  }

  await openPair();
  await delay(WARM_MS);
  await openPair();
  const before = await countTurns(proxy, "spare");
  const answers = await playRounds(
    [
      ["one", () => afterRest(open)],
      ["pair", () => afterRest(openPair)],
      ["one by hand", () => openByHand(1)],
      ["pair by hand", () => openByHand(2)],
    ],
    { rounds, deltas: SHORT, tally },
  );
  const met = (await countTurns(proxy, "spare")) - before;
  const [one, pair] = [firsts(answers.one), firsts(answers.pair)];
  const [oneByHand, pairByHand] = [firsts(answers["one by hand"]), firsts(answers["pair by hand"])];
  return {
    rows: [
      state("two new conversations at once, first delta of the slower", toSpread(pair, "ms")),
      state("… one alone", toSpread(one, "ms")),
      atMost("… the slower / one alone", median(pair) / median(one), PAIR_SHARE, " ×"),
      state("… by hand: the slower / one alone", `${toText(median(pairByHand) / median(oneByHand))} ×`),
      state("… the slower / the slower by hand", `${toText(median(pair) / median(pairByHand))} ×`),
      atLeast(`… turns that found a spare, of ${3 * (rounds + 1)}`, met, 3 * (rounds + 1)),
    ],
    samples: toSamples("new conversations at once, first delta", { one, pair, oneByHand, pairByHand }),
  };
}

/** A conversation as a CLI is told it: the history, and the message that goes on from it. */
interface Told {
  readonly history: readonly Message[];
  readonly last: UserMessage;
}

function toTold(messages: readonly ChatMessage[]): Told {
  const { turn } = finish(decode({ model: MODEL, messages }));
  const last = turn.messages.at(-1);
  if (last?.role !== "user") throw new Error("A request has to end in a message of the user's");
  return { history: turn.messages.slice(0, -1), last };
}

const write = (place: TranscriptPlace, messages: readonly Message[]): Promise<void> =>
  writeTranscript(place, { messages, records: [], modelId: MODEL, notes: [] });

/** Plays on a process that waits, started and told nothing, for a history: it is written as soon as it is known. */
async function replayByHand(place: Place, messages: readonly ChatMessage[]): Promise<Answer> {
  const { history, last } = toTold(messages);
  const at = choosePlace(createTranscripts(join(place.home, "by-hand")));
  const session = { type: "await", file: at.file.path, lastUuid: at.lastUuid } as const;
  const hand = startByHand(place, [], { model: MODEL, session });
  await delay(WARM_MS);
  return playLast(hand, at, () => hand.turn(last, () => write(at, history)));
}

/** Plays on a process that has loaded the history, is set up, and waits for the message. */
async function goOnByHand(place: Place, messages: readonly ChatMessage[], tools: readonly Tool[]): Promise<Answer> {
  const { history, last } = toTold(messages);
  const at = choosePlace(createTranscripts(join(place.home, "by-hand")));
  await write(at, history);
  const session = { type: "replay", file: at.file.path, lastUuid: at.lastUuid } as const;
  const hand = startByHand(place, tools, { model: MODEL, session });
  await hand.setUp();
  await delay(WARM_MS);
  return playLast(hand, at, () => hand.turn(last));
}

async function playLast(hand: HandCli, { file }: TranscriptPlace, play: () => Promise<Answer>): Promise<Answer> {
  const answer = await play();
  await hand.end();
  await file.remove();
  return answer;
}

/** One spare for new conversations, and one for histories. */
const WITH_REPLAY = 2;

/** A history that no process knows, once two of them were seen. */
export async function measureUnknown({ place, proxy, tally, rounds }: LatencyOptions): Promise<Findings> {
  const toOpening = createOpenings();
  const toMessages = (): ChatMessage[] => [
    { role: "user", content: toOpening() },
    { role: "assistant", content: "an answer of long ago" },
    { role: "user", content: toPrompt(SHORT) },
  ];

  async function ask(): Promise<Answer> {
    await proxy.hasSpares(WITH_REPLAY);
    await delay(WARM_MS);
    return proxy.client.stream(toMessages());
  }

  for (let seen = 0; seen < 2; seen++) await proxy.client.stream(toMessages());
  const before = await countTurns(proxy, "waiting");
  const answers = await playRounds(
    [["proxy", ask] as const, ["by hand", () => replayByHand(place, toMessages())] as const],
    { rounds, deltas: SHORT, tally },
  );
  const met = (await countTurns(proxy, "waiting")) - before;
  const [ours, byHand] = [firsts(answers.proxy), firsts(answers["by hand"])];
  return {
    rows: [
      state("unknown history, first delta: proxy", toSpread(ours, "ms")),
      state("… a waiting replay by hand", toSpread(byHand, "ms")),
      atMost("… proxy / by hand", median(ours) / median(byHand), SHARE, " ×"),
      atLeast(`… turns that found a waiting process, of ${rounds + 1}`, met, rounds + 1),
    ],
    samples: toSamples("unknown history, first delta", { proxy: ours, "by hand": byHand }),
  };
}

interface Rewriting extends Around {
  readonly name: string;
  readonly tools?: readonly Tool[];
}

const REWRITINGS: readonly Rewriting[] = [
  { name: "OpenClaw's history", after: "context of this prompt" },
  { name: "qwen's history", before: "<system-reminder>today</system-reminder>" },
  { name: "a tool result and a text", tools: [TOOL], after: "context of this result" },
];

const FORECAST_SHARE = 1.2;

async function measureRewriting(options: LatencyOptions, { name, tools, ...around }: Rewriting): Promise<Findings> {
  const { place, proxy, tally, rounds } = options;
  const prompt = `${toPrompt(SHORT)}, ${name}`;
  const talk = createTalk(proxy, tools, around);

  async function goOn(): Promise<Answer> {
    await delay(WARM_MS);
    return talk.next(prompt);
  }

  // Their difference shows how the client rewrites.
  for (let seen = 0; seen < 2; seen++) await goOn();
  const before = await countTurns(proxy, "forecast");
  const answers = await playRounds(
    [["proxy", goOn] as const, ["by hand", () => goOnByHand(place, talk.toRequest(prompt), tools ?? [])] as const],
    { rounds, deltas: SHORT, tally },
  );
  const met = (await countTurns(proxy, "forecast")) - before;
  const [ours, byHand] = [firsts(answers.proxy), firsts(answers["by hand"])];
  return {
    rows: [
      state(`${name}, first delta: proxy`, toSpread(ours, "ms")),
      state("… a prepared process by hand", toSpread(byHand, "ms")),
      atMost("… proxy / by hand", median(ours) / median(byHand), FORECAST_SHARE, " ×"),
      atLeast(`… turns from the third on that found theirs, of ${rounds + 1}`, met, rounds + 1),
    ],
    samples: toSamples(`${name}, first delta`, { proxy: ours, "by hand": byHand }),
  };
}

/** Clients that rewrite their histories, from the third request on. */
export async function measureRewritings(options: LatencyOptions): Promise<Findings> {
  const found: Findings[] = [];
  for (const rewriting of REWRITINGS) found.push(await measureRewriting(options, rewriting));
  return {
    rows: found.flatMap(({ rows }) => rows),
    samples: Object.assign({}, ...found.map(({ samples }) => samples)) as Findings["samples"],
  };
}
