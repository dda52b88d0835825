/** A Messages request, read field by field. */
import { isDeepStrictEqual } from "node:util";
import { TEXT_FORMAT } from "../../core/turn.ts";
import type { Format, Thinking, Turn } from "../../core/turn.ts";
import type { Work } from "../../lib/work.ts";
import type { AskedServer, Decoded, Store } from "../codec.ts";
import { toSystem } from "../conversation.ts";
import type { Ending } from "../conversation.ts";
import { refuse, toBody, toBoolean, toCount, toFields, toFilledText, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { joinSettings, readSampling } from "../optional.ts";
import type { AskedSettings } from "../optional.ts";
import { DEFAULT_EFFORT, toEffortSetting, toSchema, toStopList } from "../setting.ts";
import { estimateTokens } from "./count.ts";
import type { MessagesForm } from "./form.ts";
import { readConversation, toSystemTexts } from "./message.ts";
import { readTools } from "./tool.ts";

const toStops = toStopList(16);
const toFormatType = toOneOf(["json_schema"]);

const toFormat: Reader<Format> = (value, path) => {
  const format = toFields(value, path);
  format.required("type", toFormatType);
  return { type: "json", schema: format.required("schema", toSchema) };
};

/** Reads the format of the answer, which older clients ask for beside `output_config`. */
function readFormat(body: Fields, config: Fields | undefined): Format {
  const format = config?.optional("format", toFormat);
  const older = body.optional("output_format", toFormat);
  if (format && older && !isDeepStrictEqual(format, older))
    refuse("output_format", "output_config.format asks for another format");
  return format ?? older ?? TEXT_FORMAT;
}

/** The request's wish for the model's thinking, and the part of it that the client is to see. */
interface AskedThinking {
  readonly thinking: Thinking;
  readonly display: MessagesForm["thinking"];
}

/** `disabled` switches thinking off; every other type shows it, unless its display is `omitted`. */
const toThinking: Reader<AskedThinking> = (value, path) => {
  const thinking = toFields(value, path);
  if (thinking.required("type", toFilledText) === "disabled") return { thinking: { mode: "off" }, display: "hidden" };
  const isOmitted = thinking.optional("display", toText) === "omitted";
  const budgetTokens = thinking.optional("budget_tokens", toCount);
  const budget = budgetTokens === undefined ? {} : { budgetTokens };
  return isOmitted
    ? { thinking: { mode: "default", ...budget }, display: "signed" }
    : { thinking: { mode: "shown", ...budget }, display: "shown" };
};

interface Settings {
  readonly settings: Pick<Turn, "effort" | "thinking" | "format">;
  readonly display: MessagesForm["thinking"];
  readonly ignored: readonly string[];
}

/**
 * Reads `output_config` and `thinking`: the latter decides on thinking, and where it is absent an effort of `none`
 * does.
 */
function readSettings(body: Fields): Settings {
  const config = body.optional("output_config", toFields);
  const { effort, thinking } = config?.optional("effort", toEffortSetting("default")) ?? DEFAULT_EFFORT;
  const asked = body.optional("thinking", toThinking) ?? { thinking, display: "hidden" };
  const settings = {
    effort,
    thinking: asked.thinking,
    format: readFormat(body, config),
  };
  return { settings, display: asked.display, ignored: config?.unread() ?? [] };
}

const MOST_TEMPERATURE = 1;

/** Reads the tier and the speed; what is not had here stays unread, and so is named as ignored. */
function readTier(body: Fields): AskedSettings {
  const { service_tier: tier, speed } = body.object;
  if (tier === "auto" || tier === "standard_only") body.accept("service_tier");
  if (speed === "standard" || speed === "fast") body.accept("speed");
  return {
    turn: {
      ...(tier === "standard_only" ? { serviceTier: tier } : {}),
      ...(speed === "fast" ? { speed } : {}),
    },
    asked: speed === "fast" ? { speed: [body.pathOf("speed")] } : {},
  };
}

interface Read {
  readonly turn: Turn;
  readonly asked: AskedSettings["asked"];
  readonly servers: readonly AskedServer[];
  readonly display: MessagesForm["thinking"];
  readonly ignored: readonly string[];
}

/** The use that a request is read for. */
interface Purpose {
  readonly maxTokens: number | undefined;
  readonly takesServers: boolean;
  readonly ending: Ending;
}

/** Reads what the model is asked; `stream` is left to the caller. */
function* readTurn(body: Fields, { maxTokens, takesServers, ending }: Purpose): Work<Read> {
  body.refuse("thread", "messages are not stored here: send the whole conversation");
  const { webSearch, parallelCalls, tools, toolChoice, servers, ignored } = readTools(body, takesServers);
  const { settings, display, ignored: unserved } = readSettings(body);
  const { systems, messages, ignored: unheard } = yield* readConversation(body, ending);
  const optional = joinSettings(readSampling(body, MOST_TEMPERATURE), readTier(body));
  const turn = {
    model: body.required("model", toFilledText),
    system: toSystem([...(body.optional("system", toSystemTexts) ?? []), ...systems]),
    messages,
    tools,
    toolChoice,
    webSearch,
    parallelCalls,
    ...settings,
    maxTokens,
    stop: body.optional("stop_sequences", toStops) ?? [],
    ...optional.turn,
  };
  body.accept("metadata", "cache_control", "stream", "max_tokens");
  const allIgnored = [...body.unread(), ...unserved, ...ignored, ...unheard];
  return { turn, servers, asked: optional.asked, display, ignored: allIgnored };
}

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field. */
export function* decode(
  value: unknown,
  _store?: Pick<Store, "get">,
  takesServers: boolean = false,
): Work<Decoded<MessagesForm>> {
  const body = yield* toBody(value);
  const maxTokens = body.required("max_tokens", toCount);
  const purpose: Purpose = { maxTokens, takesServers, ending: "user" };
  const { turn, servers, asked, display, ignored } = yield* readTurn(body, purpose);
  const stream = body.optional("stream", toBoolean) ?? false;
  const form = {
    thinking: display,
    inputTokens: stream ? yield* estimateTokens(turn) : 0,
  };
  return { turn, delivery: { stream, store: false, ignored, asked }, form, servers };
}

/** Reads a request whose tokens are to be counted: it needs no output limit, and may end in an answer. */
export function* toCountedTurn(value: unknown): Work<Turn> {
  const body = yield* toBody(value);
  const maxTokens = body.optional("max_tokens", toCount);
  return (yield* readTurn(body, { maxTokens, takesServers: false, ending: "any" })).turn;
}
