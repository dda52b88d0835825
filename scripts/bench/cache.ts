/**
 * The part of each prompt that the prompt cache can read, from the bodies at the API: a prefix that an earlier call has
 * sent up to one of its marks. Source: https://docs.claude.com/en/docs/build-with-claude/prompt-caching
 */
import { setTimeout as delay } from "node:timers/promises";
import { createScope } from "../../test/helpers/scope.ts";
import type { Scope } from "../../test/helpers/scope.ts";
import { startProxy } from "../../test/helpers/proxy.ts";
import type { Proxy } from "../../test/helpers/proxy.ts";
import { call, result, tool } from "../../test/helpers/tools.ts";
import { startUpstream } from "../../test/helpers/upstream.ts";
import type { ApiCall, Step, Upstream } from "../../test/helpers/upstream.ts";
import { atLeast } from "./report.ts";
import type { Findings, Row } from "./report.ts";

const MODELS = ["sonnet", "haiku", "claude-opus-4-5-20251101"];
const LEAST_PERCENT = 90;
/** Of a round: a file that an agent has read, or the text of a question. */
const LONG = "All work and no play makes Jack a dull boy. ".repeat(150);
/** The API looks for an earlier mark at this many blocks before each of its marks. */
const LOOK_BACK = 20;
/** The notes are learned at rest; this is their patience. */
const LEARN_MS = 60_000;
const POLL_MS = 50;

interface Block {
  readonly text: string;
  readonly isMarked: boolean;
}

/** A prompt as the cache sees it: tools, system prompt and messages as one list of blocks. */
function toBlocks({ body }: ApiCall): Block[] {
  const toBlock = (where: string, value: unknown): Block => {
    const isMarked = typeof value === "object" && value !== null && "cache_control" in value;
    const text = JSON.stringify(value, (key, held: unknown) => (key === "cache_control" ? undefined : held));
    return { text: where + text, isMarked };
  };
  const messages = body.messages.flatMap(({ role, content, ...rest }) => {
    const blocks: unknown[] = typeof content === "string" ? [{ type: "text", text: content }] : (content as unknown[]);
    return blocks.length > 0 ? blocks.map((block) => toBlock(role, block)) : [toBlock(role, rest)];
  });
  const listed = (name: string, values: readonly unknown[] = []): Block[] =>
    values.map((value) => toBlock(name, value));
  return [...listed("tool", body.tools), ...listed("system", body.system), ...messages];
}

const toLength = (blocks: readonly Block[]): number =>
  blocks.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);

/** The prefixes that a call leaves in the cache: those that end in a mark. */
function toPrefixes(blocks: readonly Block[]): string[] {
  return blocks.flatMap(({ isMarked }, at) =>
    isMarked ? [JSON.stringify(blocks.slice(0, at + 1).map(({ text }) => text))] : [],
  );
}

/** Percent of the last call's prompt that the calls before it have left in the cache. */
export function toReadablePercent(calls: readonly ApiCall[]): number {
  const last = calls.at(-1);
  if (!last) return Number.NaN;
  const kept = new Set(calls.slice(0, -1).flatMap((held) => toPrefixes(toBlocks(held))));
  const blocks = toBlocks(last);
  let longest = 0;
  for (const [mark, { isMarked }] of blocks.entries()) {
    if (!isMarked) continue;
    for (let at = mark; at >= 0 && at > mark - LOOK_BACK; at--) {
      if (!kept.has(JSON.stringify(blocks.slice(0, at + 1).map(({ text }) => text)))) continue;
      longest = Math.max(longest, at + 1);
      break;
    }
  }
  return (100 * toLength(blocks.slice(0, longest))) / toLength(blocks);
}

interface Stage {
  readonly upstream: Upstream;
  readonly proxy: Proxy;
}

interface Reply {
  readonly choices: readonly { readonly message: object }[];
}

async function ask({ proxy }: Stage, body: object): Promise<object> {
  const response = await proxy.chat(body);
  const text = await response.text();
  const message = response.ok ? (JSON.parse(text) as Reply).choices[0]?.message : undefined;
  if (!message) throw new Error(`Cannot measure the cache: ${text}`);
  return message;
}

/** Ends the processes of all conversations, so that the next turn is replayed. */
async function endProcesses({ proxy }: Stage): Promise<void> {
  for (const pid of proxy.children()) {
    process.kill(pid, "SIGKILL");
    await proxy.logged(new RegExp(`claude ended pid=${pid}\\b`));
  }
}

/** A conversation of three rounds and then three turns: a hot one, one after its process has ended, and once more. */
async function measureKind(stage: Stage, model: string, kind: keyof typeof ANSWERS): Promise<Row[]> {
  const { upstream } = stage;
  upstream.reset();
  upstream.answer((_, at) => ANSWERS[kind](at));
  const messages: object[] = [];
  const body = { model, messages, tools: [tool("read")] };
  const next = async (...said: object[]): Promise<number> => {
    messages.push(...said);
    messages.push(await ask(stage, body));
    return toReadablePercent(upstream.calls);
  };
  const toSaid = (at: number): object =>
    kind === "tools" ? result(`toolu${at}`, `${at} ${LONG}`) : { role: "user", content: `${at} ${LONG}` };
  await next({ role: "user", content: `begin ${LONG}` });
  for (const at of [0, 1, 2]) await next(toSaid(at));
  const words = { role: "user", content: "and now?" };
  const toNext = (at: number): object => (kind === "tools" ? result(`toolu${at}`, "done") : words);
  const hot = await next(toNext(3));
  await endProcesses(stage);
  const first = await next(toNext(4));
  await endProcesses(stage);
  const second = await next(toNext(5));
  const toRow = (name: string, percent: number): Row =>
    atLeast(`readable from the cache, ${model}, ${kind}: ${name}`, percent, LEAST_PERCENT, " %");
  return [toRow("hot", hot), toRow("replay", first), toRow("replay after a replay", second)];
}

const ANSWERS = {
  text: (at: number): Step[] => [{ text: `answer ${at}` }],
  tools: (at: number): Step[] => [{ text: `I read ${at}` }, call("read", { q: `${at}` }, `toolu_${at}`)],
  thinking: (at: number): Step[] => [{ thinking: `thought ${at}, ${LONG.slice(0, 500)}` }, { text: `answer ${at}` }],
} as const;

/** Has the notes of every model learned: before that a replay is as good as it can be. */
async function learn(stage: Stage): Promise<void> {
  const { proxy } = stage;
  const say = (model: string, ...words: string[]): Promise<object> =>
    ask(stage, {
      model,
      messages: words.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content })),
    });
  // A family's id is known once a process has listed the account's models.
  await say("sonnet", "hi");
  for (const model of MODELS) await say(model, "a", "b", "c");
  const patience = performance.now() + LEARN_MS * MODELS.length;
  while (proxy.log.filter((line) => line.includes("learned notes")).length < MODELS.length) {
    if (performance.now() > patience) throw new Error("Cannot measure the cache: the notes were not learned");
    await delay(POLL_MS);
  }
}

async function measureIn(scope: Scope): Promise<Findings> {
  const upstream = await startUpstream(scope);
  const proxy = await startProxy(scope, { upstream, args: ["--spares", "0"] });
  const stage = { upstream, proxy };
  await learn(stage);
  const rows: Row[] = [];
  for (const model of MODELS)
    for (const kind of ["text", "tools", "thinking"] as const) rows.push(...(await measureKind(stage, model, kind)));
  return { rows, samples: {} };
}

/** Measures conversations of over 20 kB: text, rounds of tools, and thinking, on three models. It is not about time. */
export async function measureCache(): Promise<Findings> {
  const scope = createScope();
  try {
    return await measureIn(scope);
  } finally {
    await scope.end();
  }
}
