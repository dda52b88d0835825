/**
 * First delta and throughput: the proxy beside the same CLI driven by hand, and beside a CLI spawned for each request.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Tool } from "../../src/core/turn.ts";
import type { Answer } from "./clock.ts";
import type { ChatMessage } from "./client.ts";
import { runSpawned, startByHand } from "./hand.ts";
import type { Place } from "./place.ts";
import type { Proxy } from "./proxy.ts";
import { atLeast, atMost, median, state, toSpread } from "./report.ts";
import type { Findings, Row, Samples } from "./report.ts";
import { playRounds } from "./rounds.ts";
import type { Tally, Way } from "./rounds.ts";
import { toPrompt } from "./text.ts";

export interface LatencyOptions {
  readonly place: Place;
  readonly proxy: Proxy;
  readonly tally: Tally;
  readonly rounds: number;
}

/** Deltas of an answer whose first one is what is measured. */
export const SHORT = 3;
const LONG = 5000;
/** From the start of a process to its first turn, by hand and in the proxy. */
export const WARM_MS = 1500;

export const firsts = (answers: readonly Answer[]): number[] => answers.map(({ firstMs }) => firstMs);
export const wholes = (answers: readonly Answer[]): number[] => answers.map(({ wholeMs }) => wholeMs);

/** A tool that takes nothing. The scripted API calls whichever there is. */
export const TOOL: Tool = { name: "look", description: "Looks.", schema: { type: "object", properties: {} } };

/** A call as a client writes it back. */
const toMadeCall = (id: string): object => ({ id, type: "function", function: { name: TOOL.name, arguments: "{}" } });

/** Texts around each prompt that are gone from later histories. */
export interface Around {
  readonly before?: string;
  readonly after?: string;
}

export interface Talk {
  next(prompt: string): Promise<Answer>;
  /** The history that the next request brings. */
  readonly messages: readonly ChatMessage[];
  /** The messages of the next request with this prompt. */
  toRequest(prompt: string): ChatMessage[];
}

/**
 * A conversation with the proxy, kept as a client keeps it: each turn brings all of it. Where the last answer was a
 * call, the prompt is its result.
 */
export function createTalk({ client }: Proxy, tools?: readonly Tool[], { before, after }: Around = {}): Talk {
  const functions = tools?.map(({ name, description, schema }) => ({
    type: "function",
    function: { name, description, parameters: schema },
  }));
  const messages: ChatMessage[] = [];
  let callId = "";
  const toSaid = (prompt: string): ChatMessage =>
    callId === "" ? { role: "user", content: prompt } : { role: "tool", tool_call_id: callId, content: prompt };
  const toPassing = (text: string | undefined): ChatMessage[] =>
    text === undefined ? [] : [{ role: "user", content: text }];
  const toRequest = (prompt: string): ChatMessage[] => [
    ...messages,
    ...toPassing(before),
    toSaid(prompt),
    ...toPassing(after),
  ];
  return {
    messages,
    toRequest,
    async next(prompt) {
      const said = toSaid(prompt);
      const answer = await client.stream(toRequest(prompt), functions);
      messages.push(said);
      ({ callId } = answer);
      messages.push({
        role: "assistant",
        content: answer.text,
        ...(callId === "" ? {} : { tool_calls: [toMadeCall(callId)] }),
      });
      return answer;
    },
  };
}

/** A history as one prompt, which is what can be said to a CLI spawned for one request. */
const flatten = (messages: readonly ChatMessage[]): string =>
  messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n");

export function toSamples(part: string, lists: Record<string, readonly number[]>): Samples {
  return Object.fromEntries(Object.entries(lists).map(([way, list]) => [`${part}, ${way}, ms`, list]));
}

/** Two ways to meet one bound: a share of the time by hand, or a few milliseconds on top of it. */
export const SHARE = 1.15;
const GRACE_MS = 5;

function toHotBound(ours: readonly number[], byHand: readonly number[]): Row {
  const most = Math.max(SHARE * median(byHand), median(byHand) + GRACE_MS);
  return atMost(`… proxy, where ${SHARE} × by hand or ${GRACE_MS} ms more may be`, median(ours), most, " ms");
}

/** Short times scatter: so many conversations, of `rounds` each, make their median one that can be relied on. */
const TALKS = 4;

/**
 * First deltas of turns in conversations that the proxy and a CLI by hand have had before; `toOthers` gives more ways
 * beside them.
 */
async function playTalks<Other extends string = never>(
  { place, proxy, tally, rounds }: LatencyOptions,
  tools: readonly Tool[] | undefined,
  toOthers: (talk: Talk, prompt: string) => Way<Other>[],
): Promise<Record<"proxy" | "by hand" | Other, number[]>> {
  const times = {} as Record<string, number[]>;
  for (let number = 0; number < TALKS; number++) {
    const prompt = `${toPrompt(SHORT)}, conversation ${number}`;
    const talk = createTalk(proxy, tools);
    const hand = startByHand(place, tools);
    await talk.next(prompt);
    await hand.turn(prompt);
    const ways = [
      ["proxy", () => talk.next(prompt)],
      ["by hand", () => hand.turn(prompt)],
      ...toOthers(talk, prompt),
    ] as const;
    const answers = await playRounds<string>(ways, { rounds, deltas: SHORT, tally });
    await hand.end();
    for (const [name, list] of Object.entries(answers)) times[name] = [...(times[name] ?? []), ...firsts(list)];
  }
  return times;
}

/** The next turn of a conversation. */
export async function measureNextTurn(options: LatencyOptions): Promise<Findings> {
  const times = await playTalks<"spawned">(options, undefined, (talk, prompt) => [
    ["spawned", () => runSpawned(options.place, flatten([...talk.messages, { role: "user", content: prompt }]))],
  ]);
  const { proxy: ours, "by hand": byHand, spawned } = times;
  return {
    rows: [
      state("next turn, first delta: proxy", toSpread(ours, "ms")),
      state("… one live CLI by hand", toSpread(byHand, "ms")),
      state("… a CLI spawned per request", toSpread(spawned, "ms")),
      toHotBound(ours, byHand),
      atMost("… time the proxy adds", median(ours) - median(byHand), 10, " ms"),
      atLeast("… spawned / proxy", median(spawned) / median(ours), 15, " ×"),
    ],
    samples: toSamples("next turn, first delta", times),
  };
}

/** The next round of a task with tools: each answer is a text and a call, whose result is the next prompt. */
export async function measureToolResult(options: LatencyOptions): Promise<Findings> {
  const times = await playTalks(options, [TOOL], () => []);
  const { proxy: ours, "by hand": byHand } = times;
  return {
    rows: [
      state("after a tool result, first delta: proxy", toSpread(ours, "ms")),
      state("… one live CLI by hand", toSpread(byHand, "ms")),
      toHotBound(ours, byHand),
    ],
    samples: toSamples("after a tool result, first delta", times),
  };
}

/** The first turn of a new conversation, where a spare has been warm for a while. */
export async function measureNewConversation({ place, proxy, tally, rounds }: LatencyOptions): Promise<Findings> {
  let asked = 0;
  // No two conversations begin alike, or the proxy would keep the last of them only.
  const toOpening = (): string => `${toPrompt(SHORT)}, conversation ${asked++}`;

  async function claimByHand(): Promise<Answer> {
    const hand = startByHand(place);
    await delay(WARM_MS);
    const answer = await hand.turn(toOpening());
    await hand.end();
    return answer;
  }

  async function claimFromProxy(): Promise<Answer> {
    await proxy.hasSpares(1);
    await delay(WARM_MS);
    return proxy.client.stream([{ role: "user", content: toOpening() }]);
  }

  const answers = await playRounds(
    [
      ["proxy", claimFromProxy],
      ["by hand", claimByHand],
      ["spawned", () => runSpawned(place, toOpening())],
    ],
    {
      rounds,
      deltas: SHORT,
      tally,
    },
  );
  const [ours, byHand, spawned] = [firsts(answers.proxy), firsts(answers["by hand"]), firsts(answers.spawned)];
  return {
    rows: [
      state("new conversation, first delta: proxy", toSpread(ours, "ms")),
      state("… a warm spare by hand", toSpread(byHand, "ms")),
      state("… a CLI spawned per request", toSpread(spawned, "ms")),
      atMost("… proxy / by hand", median(ours) / median(byHand), SHARE, " ×"),
      atLeast("… spawned / proxy", median(spawned) / median(ours), 3, " ×"),
    ],
    samples: toSamples("new conversation, first delta", { proxy: ours, "by hand": byHand, spawned }),
  };
}

/** A long answer as fast as it comes. */
export async function measureLongAnswer({ place, proxy, tally, rounds }: LatencyOptions): Promise<Findings> {
  const talk = createTalk(proxy);
  const hand = startByHand(place);
  const prompt = toPrompt(LONG);
  await talk.next(toPrompt(SHORT));
  await hand.turn(toPrompt(SHORT));
  const answers = await playRounds(
    [
      ["proxy", () => talk.next(prompt)],
      ["by hand", () => hand.turn(prompt)],
    ],
    { rounds, deltas: LONG, tally },
  );
  await hand.end();
  const [ours, byHand] = [wholes(answers.proxy), wholes(answers["by hand"])];
  return {
    rows: [
      state(`${LONG} deltas, whole answer: proxy`, toSpread(ours, "ms")),
      state("… one live CLI by hand", toSpread(byHand, "ms")),
      atMost("… proxy / by hand", median(ours) / median(byHand), 1.3, " ×"),
    ],
    samples: toSamples(`${LONG} deltas, whole answer`, { proxy: ours, "by hand": byHand }),
  };
}
