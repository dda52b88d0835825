/** A turn asked for over HTTP: decoded, run, and written as it comes or as a whole. */
import { randomUUID } from "node:crypto";
import { optional, toOneOf } from "../codec/check.ts";
import type { Codec, Meta } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import { toPromptTokens } from "../core/event.ts";
import type { TurnEvent, Usage } from "../core/event.ts";
import { hasThinkingBudget } from "../core/model.ts";
import type { Models } from "../core/model.ts";
import { PROFILES, toOwnTools } from "../core/profile.ts";
import type { Profile } from "../core/profile.ts";
import { collect, createFolder } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import type { Telegram } from "../notify/telegram.ts";
import type { Run } from "../session/run.ts";
import { readJson } from "./body.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { StoredResponses } from "./stored.ts";
import { createStreamWriter } from "./stream.ts";
import type { StreamOptions } from "./stream.ts";

export interface TurnOptions extends StreamOptions {
  readonly run: Run;
  readonly models: Models;
  readonly telegram: Telegram;
  /** The CLI's own tools that a turn may use at most. */
  readonly tools: Profile;
  readonly stored: StoredResponses;
}

const SESSION_NAME = /^[\x21-\x7e]{1,200}$/;
/** Field names can hold anything; header values cannot. */
const HEADER_SAFE = /^[\w.[\]-]{1,80}$/;
const MOST_NAMED = 40;

/** A session's name counts only where the request brings no history of its own: then the history is the truth. */
function readName({ request }: Exchange, turn: Turn): { name: string | undefined; ignored: readonly string[] } {
  const name = request.headers["x-claude-session"];
  if (typeof name !== "string") return { name: undefined, ignored: turn.ignored };
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
    ? { name, ignored: turn.ignored }
    : { name: undefined, ignored: [...turn.ignored, "x-claude-session"] };
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
  return { id: randomUUID().replaceAll("-", ""), createdAtSeconds: Math.floor(Date.now() / 1000) };
}

/** Reads one request for a turn, runs it and writes its answer. @throws ProxyError before the first event, or in mid-stream. */
export type TurnHandler = (codec: Codec, exchange: Exchange) => Promise<void>;

/** Makes the handler of all turns. */
export function createTurnHandler(options: TurnOptions): TurnHandler {
  const { run, models, telegram, stored } = options;
  const writeStream = createStreamWriter(options);

  /** Makes what keeps a turn's answer. A session by name knows more than its turn brings, so it cannot be gone on from by id. */
  function createKeep(codec: Codec, turn: Turn, meta: Meta): ((reply: Reply) => void) | undefined {
    const { keeping } = codec;
    if (!keeping || !turn.keep) return undefined;
    return (reply) =>
      stored.put(keeping.toId(meta), {
        ...keeping.toEarlier(turn, reply),
        reply: codec.encodeReply(reply, turn, meta),
      });
  }

  return async (codec, exchange) => {
    const turn = codec.decode(await readJson(exchange.request), stored.get);
    const model = models.resolve(turn.model);
    const { name, ignored } = readName(exchange, turn);
    exchange.addLogFields({ model: model.id, stream: turn.stream });
    const meta = createMeta();
    const headers = toHeaders([...ignored, ...toUnbudgeted(turn, model.id)]);
    const keep = name === undefined ? createKeep(codec, turn, meta) : undefined;
    const tools = toOwnTools({
      allowed: options.tools,
      asked: readProfile(exchange),
      webSearch: turn.webSearch,
      hasClientTools: turn.tools.length > 0,
    });
    const chat = telegram.chooseChat(readHeader(exchange, "x-telegram-chat-id"));
    const events = telegram.watch(
      run({ turn, model: model.argument, isPinned: model.isPinned, tools, name }, exchange.signal),
      chat,
    );
    if (turn.stream) {
      const folder = keep ? createFolder() : undefined;
      const onEvents = (batch: readonly TurnEvent[]): void => {
        logEvents(exchange, batch);
        folder?.add(batch);
        // Kept before the client can see the end, and so before its next request.
        if (folder && batch.at(-1)?.type === "done") keep?.(folder.reply);
      };
      return writeStream(
        { exchange, encoder: codec.createEncoder(turn, meta), headers, expected: model.id, onEvents },
        events,
      );
    }
    const reply = await collect(events);
    logUsage(exchange, reply.model, reply.usage);
    keep?.(reply);
    return sendJson(exchange, 200, codec.encodeReply(reply, turn, meta), headers);
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
