/** A turn asked for over HTTP: decoded, run, and written as it comes or as a whole. */
import { randomUUID } from "node:crypto";
import type { Codec, Decoded, Meta } from "../codec/codec.ts";
import { toPromptTokens } from "../core/event.ts";
import type { EventStream, TurnEvent } from "../core/event.ts";
import { checkClash, chooseServers } from "../core/mcp.ts";
import type { McpChoice, McpServer } from "../core/mcp.ts";
import { hasThinkingBudget } from "../core/model.ts";
import type { Models } from "../core/model.ts";
import { toOwnTools } from "../core/profile.ts";
import type { Profile } from "../core/profile.ts";
import type { Reply } from "../core/reply.ts";
import { finishInSlices } from "../lib/slice.ts";
import type { Telegram } from "../notify/telegram.ts";
import type { Run, RunningTurn } from "../session/run.ts";
import type { Guard } from "./auth.ts";
import type { ReadJson } from "./body.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { readChat, readMcpNames, readProfile, readSession, toIgnoredHeader } from "./header.ts";
import type { MeterTurn } from "./metered.ts";
import type { CheckServers } from "./outbound.ts";
import type { StoredResponses } from "./stored.ts";
import { createStreamWriter } from "./stream.ts";
import type { StreamOptions } from "./stream.ts";

/** Parts that answer a turn. */
export interface TurnOptions extends StreamOptions {
  readonly run: Run;
  readonly models: Models;
  readonly telegram: Telegram;
  /** The most that the CLI's own tools may be in any turn. */
  readonly tools: Profile;
  /** The MCP servers for turns whose profile is not `none`. */
  readonly servers: readonly McpServer[];
  /** Checks the addresses of MCP servers that a request names; undefined where it may name none. */
  readonly checkServers: CheckServers | undefined;
  /** Answers that later requests may go on from. */
  readonly store: StoredResponses;
  readonly readJson: ReadJson;
  /** Counts every turn. */
  readonly meterTurn: MeterTurn;
  /** Names the client of a request, for fairness between clients. */
  readonly identify: Guard["identify"];
}

/**
 * Reads one request for a turn, runs it and writes its answer. @throws ProxyError before the first event, or in
 * mid-stream.
 */
export type TurnHandler = (codec: Codec, exchange: Exchange) => Promise<void>;

/** A request that has been read, and how its answer is to be written. */
interface Asked {
  readonly codec: Codec;
  readonly decoded: Decoded<unknown>;
  readonly meta: Meta;
  /** The model expected to answer. */
  readonly modelId: string;
  /** Headers that name what is without effect: all of it once the first event has come. */
  readonly readHeaders: () => Record<string, string>;
  /** Stores the answer, where the request wants it stored. */
  readonly keep: ((reply: Reply) => Promise<void>) | undefined;
}

/** Made anew for every answer: a request's id is the client's to choose, and may be used twice. */
function createMeta(): Meta {
  return { id: randomUUID().replaceAll("-", ""), startedAtMs: Date.now(), nowMs: Date.now };
}

/** Parameters that the chosen model, or the choice of a session, leaves without effect. */
function toUnused({ turn }: Decoded<unknown>, modelId: string, isSessionUnused: boolean): string[] {
  const hasNoBudget = turn.thinking.budgetTokens !== undefined && !hasThinkingBudget(modelId);
  return [...(isSessionUnused ? ["x-claude-session"] : []), ...(hasNoBudget ? ["thinking.budget_tokens"] : [])];
}

/** Fields of the optional settings that a turn is played without, as far as that is known. */
function toOmitted({ delivery }: Decoded<unknown>, { omitted }: RunningTurn): string[] {
  return omitted.flatMap((setting) => delivery.asked[setting] ?? []);
}

/** Adds to the access log the way a turn began, and what events tell of the model and the tokens. */
function logEvents({ addLogFields }: Exchange, { start }: RunningTurn, batch: readonly TurnEvent[]): void {
  for (const event of batch) {
    if (event.type === "start") addLogFields({ model: event.model, start });
    if (event.type === "done") addLogFields({ tokens_in: toPromptTokens(event.usage), tokens_out: event.usage.output });
  }
}

async function writeWhole(exchange: Exchange, asked: Asked, running: RunningTurn, events: EventStream): Promise<void> {
  for await (const batch of events) logEvents(exchange, running, batch);
  const { codec, decoded, meta, readHeaders, keep } = asked;
  await keep?.(running.reply);
  sendJson(exchange, 200, codec.encodeReply(running.reply, decoded.form, meta), readHeaders());
}

/** Stores the answer where later requests can go on from it; undefined where the request or its protocol does not. */
function toKeep(store: StoredResponses, codec: Codec, decoded: Decoded<unknown>, meta: Meta): Asked["keep"] {
  if (!decoded.delivery.store || !codec.toStored) return undefined;
  return async (reply) => {
    const stored = codec.toStored?.(decoded, reply, meta);
    if (stored) await store.put(stored.id, stored.value);
  };
}

/** The MCP servers of a turn: those of the server's owner that it gets, and its own. @throws ProxyError for a clash. */
function toServers(
  exchange: Exchange,
  { turn, servers = [] }: Decoded<unknown>,
  offered: Omit<McpChoice, "asked">,
): readonly McpServer[] {
  const all = [...chooseServers({ ...offered, asked: readMcpNames(exchange) }), ...servers.map(({ server }) => server)];
  checkClash(turn.tools, all);
  return all;
}

/** Makes the handler of all turns. */
export function createTurnHandler(options: TurnOptions): TurnHandler {
  const { run, models, telegram, store } = options;
  const writeStream = createStreamWriter(options);

  /** Makes the turn that a request asks for. It runs once its events are asked for. */
  function prepare(exchange: Exchange, codec: Codec, decoded: Decoded<unknown>): [Asked, RunningTurn] {
    const { turn, delivery } = decoded;
    const model = models.resolve(turn.model);
    const session = readSession(exchange);
    // A request that brings its own history goes on from that: the history is the truth.
    const name = turn.messages.length === 1 ? session : undefined;
    const profile = readProfile(exchange);
    const tools = toOwnTools({
      allowed: options.tools,
      asked: profile,
      webSearch: turn.webSearch,
      hasClientTools: turn.tools.length > 0,
    });
    const servers = toServers(exchange, decoded, { servers: options.servers, profile: profile ?? options.tools });
    exchange.addLogFields({ model: model.id, stream: delivery.stream });
    const meta = createMeta();
    const ignored = [...delivery.ignored, ...toUnused(decoded, model.id, session !== name)];
    const client = options.identify(exchange.request);
    const job = { turn, model: model.argument, isPinned: model.isPinned, tools, servers, name, client };
    const running = run(job, exchange.signal);
    const asked: Asked = {
      codec,
      decoded,
      meta,
      modelId: model.id,
      readHeaders: () => toIgnoredHeader([...toOmitted(decoded, running), ...ignored]),
      // A session knows more than its turn brings, so no request can go on from its answers by id.
      keep: name === undefined ? toKeep(store, codec, decoded, meta) : undefined,
    };
    return [asked, running];
  }

  function writeStreamed(exchange: Exchange, asked: Asked, running: RunningTurn, events: EventStream): Promise<void> {
    const { codec, decoded, meta, modelId, readHeaders, keep } = asked;
    const encoder = codec.createEncoder(decoded.form, meta);
    const onEvents = (batch: readonly TurnEvent[]): Promise<void> | undefined => {
      logEvents(exchange, running, batch);
      // Stored before the client can see the end, and so before its next request.
      return batch.at(-1)?.type === "done" ? keep?.(running.reply) : undefined;
    };
    return writeStream({ exchange, encoder, type: codec.streamType, readHeaders, expected: modelId, onEvents }, events);
  }

  return (codec, exchange) =>
    options.meterTurn(codec, exchange, async (metered) => {
      const body = await options.readJson(exchange, codec.isTypeOptional);
      const atOnce = codec.answerAtOnce?.(body, createMeta(), models);
      if (atOnce !== undefined) return sendJson(exchange, 200, atOnce);
      const takesServers = options.checkServers !== undefined;
      const decoded = await finishInSlices(codec.decode(body, store.open(exchange.closed), takesServers));
      await options.checkServers?.(decoded.servers ?? [], exchange.signal);
      const [asked, running] = prepare(exchange, codec, decoded);
      const shown = telegram.watch(running.events, telegram.chooseChat(readChat(exchange)));
      const events = metered.watch(asked.modelId, running, shown);
      const write = decoded.delivery.stream ? writeStreamed : writeWhole;
      await write(exchange, asked, running, events);
    });
}
