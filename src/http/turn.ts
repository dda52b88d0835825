/** A turn asked for over HTTP: decoded, run, and written as it comes or as a whole. */
import { randomUUID } from "node:crypto";
import { optional, toOneOf } from "../codec/field.ts";
import type { Codec, Decoded, Delivery, Meta, Store } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import { toPromptTokens } from "../core/event.ts";
import type { TurnEvent, Usage } from "../core/event.ts";
import { hasThinkingBudget } from "../core/model.ts";
import type { Models } from "../core/model.ts";
import { PROFILES, toOwnTools } from "../core/profile.ts";
import type { Profile } from "../core/profile.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import type { Telegram } from "../notify/telegram.ts";
import type { Run } from "../session/run.ts";
import type { Guard } from "./auth.ts";
import type { ReadJson } from "./body.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { createStreamWriter } from "./stream.ts";
import type { StreamOptions } from "./stream.ts";

export interface TurnOptions extends StreamOptions {
  readonly run: Run;
  readonly models: Models;
  readonly telegram: Telegram;
  /** The CLI's own tools that a turn may use at most. */
  readonly tools: Profile;
  /** Answers that later requests may go on from. */
  readonly store: Store;
  readonly readJson: ReadJson;
  /** Names the client of a request, for fairness between clients. */
  readonly identify: Guard["identify"];
}

const SESSION_NAME = /^[\x21-\x7e]{1,200}$/;
/** Field names can hold anything; header values cannot. */
const HEADER_SAFE = /^[\w.[\]-]{1,80}$/;
const MOST_NAMED = 40;

/** A session's name counts only where the request brings no history of its own: then the history is the truth. */
function readName(
  { request }: Exchange,
  turn: Turn,
  { ignored }: Delivery,
): { name: string | undefined; ignored: readonly string[] } {
  const name = request.headers["x-claude-session"];
  if (typeof name !== "string") return { name: undefined, ignored };
  if (!SESSION_NAME.test(name)) {
    throw new ProxyError(
      "invalid_request",
      "Cannot read x-claude-session: expected 1 to 200 visible ASCII characters",
      {
        param: "x-claude-session",
      },
    );
  }
  return turn.messages.length === 1
    ? { name, ignored }
    : { name: undefined, ignored: [...ignored, "x-claude-session"] };
}

/** A thinking budget is honoured by some models alone. */
function toUnbudgeted({ thinking }: Turn, modelId: string): readonly string[] {
  return thinking.budgetTokens === undefined || hasThinkingBudget(modelId) ? [] : ["thinking.budget_tokens"];
}

function toHeaders(ignored: readonly string[]): Record<string, string> {
  const named = ignored.filter((field) => HEADER_SAFE.test(field)).slice(0, MOST_NAMED);
  return named.length === 0 ? {} : { "x-ignored-parameters": named.join(", ") };
}

/** Made anew for every answer: a request's id is the client's to choose, and may be used twice. */
function createMeta(): Meta {
  return { id: randomUUID().replaceAll("-", ""), startedAtMs: Date.now(), nowMs: Date.now };
}

/** Reads one request for a turn, runs it and writes its answer. @throws ProxyError before the first event, or in mid-stream. */
export type TurnHandler = (codec: Codec, exchange: Exchange) => Promise<void>;

/** Makes the handler of all turns. */
export function createTurnHandler(options: TurnOptions): TurnHandler {
  const { run, models, telegram, store } = options;
  const writeStream = createStreamWriter(options);

  /**
   * Makes the function that stores a turn's answer, where the request wants it stored. A session by name knows more than its
   * turn brings, so no request can go on from its answers by id.
   */
  function toKeep(codec: Codec, decoded: Decoded<unknown>, meta: Meta): ((reply: Reply) => void) | undefined {
    if (!decoded.delivery.store || !codec.toStored) return undefined;
    return (reply) => {
      const stored = codec.toStored?.(decoded, reply, meta);
      if (stored) store.put(stored.id, stored.value);
    };
  }

  return async (codec, exchange) => {
    const decoded = codec.decode(await options.readJson(exchange), store);
    const { turn, delivery, form } = decoded;
    const model = models.resolve(turn.model);
    const { name, ignored } = readName(exchange, turn, delivery);
    exchange.addLogFields({ model: model.id, stream: delivery.stream });
    const meta = createMeta();
    const headers = toHeaders([...ignored, ...toUnbudgeted(turn, model.id)]);
    const keep = name === undefined ? toKeep(codec, decoded, meta) : undefined;
    const tools = toOwnTools({
      allowed: options.tools,
      asked: readProfile(exchange),
      webSearch: turn.webSearch,
      hasClientTools: turn.tools.length > 0,
    });
    const chat = telegram.chooseChat(readHeader(exchange, "x-telegram-chat-id"));
    const client = options.identify(exchange.request);
    const job = { turn, model: model.argument, isPinned: model.isPinned, tools, name, client };
    const running = run(job, exchange.signal);
    const events = telegram.watch(running.events, chat);
    if (delivery.stream) {
      const onEvents = (batch: readonly TurnEvent[]): void => {
        logEvents(exchange, batch);
        // Stored before the client can see the end, and so before its next request.
        if (keep && batch.at(-1)?.type === "done") keep(running.reply);
      };
      return writeStream(
        {
          exchange,
          encoder: codec.createEncoder(form, meta),
          type: codec.streamType,
          headers,
          expected: model.id,
          onEvents,
        },
        events,
      );
    }
    // The turn folds its own events: nothing is left to do with them.
    for await (const _batch of events);
    const { reply } = running;
    logUsage(exchange, reply.model, reply.usage);
    keep?.(reply);
    return sendJson(exchange, 200, codec.encodeReply(reply, form, meta), headers);
  };
}

/** A header of ours. Several of a name come as one, separated by commas. */
function readHeader({ request }: Exchange, name: string): string | undefined {
  return request.headers[name]?.toString();
}

function readProfile(exchange: Exchange): Profile | undefined {
  return optional(readHeader(exchange, "x-claude-tools"), "x-claude-tools", toOneOf(PROFILES));
}

function logUsage(exchange: Exchange, model: string, usage: Usage): void {
  exchange.addLogFields({ model, tokens_in: toPromptTokens(usage), tokens_out: usage.output });
}

function logEvents(exchange: Exchange, batch: readonly TurnEvent[]): void {
  for (const event of batch) {
    if (event.type === "start") exchange.addLogFields({ model: event.model });
    if (event.type === "done")
      exchange.addLogFields({ tokens_in: toPromptTokens(event.usage), tokens_out: event.usage.output });
  }
}
