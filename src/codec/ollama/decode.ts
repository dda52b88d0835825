/** Ollama's requests for an answer, read field by field. */
import { toUntagged } from "../../core/model.ts";
import type { Models } from "../../core/model.ts";
import { DEFAULT_THINKING, TEXT_FORMAT } from "../../core/turn.ts";
import type { Effort, Format, Message, Thinking, Turn } from "../../core/turn.ts";
import type { Work } from "../../lib/work.ts";
import type { Decoded, Delivery, Meta } from "../codec.ts";
import { createConversation } from "../conversation.ts";
import {
  createFields,
  refuse,
  toBody,
  toBoolean,
  toFields,
  toFilledText,
  toFlatBody,
  toListOf,
  toOneOf,
  toText,
} from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { readSampling } from "../optional.ts";
import { toSchema, toStops } from "../setting.ts";
import { MOST_TOOLS, toTools } from "../tool.ts";
import { encodeLoaded } from "./encode.ts";
import type { OllamaForm } from "./form.ts";
import { readConversation, toImages } from "./message.ts";
import type { OllamaAnswer } from "./wire.ts";

const toStop = toStops(16);
const MOST_TEMPERATURE = 2;

/** Reads a model's name, without the tag. */
export const toModelName: Reader<string> = (value, path) => {
  const name = toUntagged(toFilledText(value, path));
  return name === "" ? refuse(path, "expected a model's name before the tag") : name;
};

const toFormat: Reader<Format> = (value, path) => {
  if (value === "") return TEXT_FORMAT;
  if (value === "json") return { type: "json", schema: { type: "object" } };
  if (typeof value === "string") return refuse(path, 'expected "json" or a JSON Schema');
  return { type: "json", schema: toSchema(value, path) };
};

const EFFORTS = ["low", "medium", "high"] as const;
const toEffort = toOneOf(EFFORTS);

interface Think {
  readonly effort: Effort | undefined;
  readonly thinking: Thinking;
}

/** `think` is true, false, or how hard the model is to think. */
const toThink: Reader<Think> = (value, path) => {
  if (typeof value === "string") return { effort: toEffort(value, path), thinking: { mode: "shown" } };
  return { effort: undefined, thinking: { mode: toBoolean(value, path) ? "shown" : "off" } };
};

/** Numbers below 1 mean "no limit". */
const toLimit: Reader<number | undefined> = (value, path) => {
  if (!Number.isSafeInteger(value)) return refuse(path, "expected a whole number");
  return Number(value) >= 1 ? Number(value) : undefined;
};

type Settings = Pick<
  Turn,
  "model" | "effort" | "thinking" | "format" | "maxTokens" | "stop" | "parallelCalls" | "webSearch" | "sampling"
>;

interface Read {
  readonly settings: Settings;
  readonly stream: boolean;
  /** Paths of options that cannot be honoured. */
  readonly ignored: readonly string[];
  readonly asked: Delivery["asked"];
}

/** Reads what both endpoints have. How long a model stays loaded is nothing to ask of Claude. */
function readSettings(body: Fields): Read {
  const options = body.optional("options", toFields) ?? createFields({}, "options");
  const { turn: sampling, asked } = readSampling(options, MOST_TEMPERATURE);
  const { effort, thinking } = body.optional("think", toThink) ?? { effort: undefined, thinking: DEFAULT_THINKING };
  const settings = {
    model: body.required("model", toModelName),
    effort,
    thinking,
    format: body.optional("format", toFormat) ?? TEXT_FORMAT,
    maxTokens: options.optional("num_predict", toLimit),
    stop: options.optional("stop", toStop) ?? [],
    parallelCalls: true,
    webSearch: false,
    ...sampling,
  };
  body.accept("keep_alive");
  const stream = body.optional("stream", toBoolean) ?? true;
  return { settings, stream, ignored: options.unread(), asked };
}

function toDecoded(body: Fields, kind: OllamaForm["kind"], turn: Turn, read: Read): Decoded<OllamaForm> {
  const { stream, ignored, asked } = read;
  const delivery = { stream, store: false, ignored: [...body.unread(), ...ignored], asked };
  return { turn, delivery, form: { kind, model: turn.model } };
}

const toDefinitions = toListOf(MOST_TOOLS, (value, path) => toFields(value, path).required("function", toFields));

/** Reads the body of `/api/chat`. @throws ProxyError `invalid_request` naming the field. */
export function* decodeChat(value: unknown): Work<Decoded<OllamaForm>> {
  const body = yield* toBody(value);
  const read = readSettings(body);
  const tools = toTools(body.optional("tools", toDefinitions) ?? [], "parameters");
  const turn: Turn = { ...read.settings, ...(yield* readConversation(body)), tools, toolChoice: "auto" };
  return toDecoded(body, "chat", turn, read);
}

/** Reads the body of `/api/generate`. @throws ProxyError `invalid_request` naming the field. */
export function* decodeGenerate(value: unknown): Work<Decoded<OllamaForm>> {
  const body = yield* toBody(value);
  const read = readSettings(body);
  if (body.optional("suffix", toText)) refuse("suffix", "Claude writes on, and cannot fill a gap before a suffix");
  // A raw prompt goes without everything that would be put around it.
  const isRaw = body.optional("raw", toBoolean) ?? false;
  const system = body.optional("system", toText) ?? "";
  const content = [
    { type: "text", text: body.optional("prompt", toText) ?? "" } as const,
    ...(body.optional("images", toImages) ?? []),
  ];
  const conversation = createConversation();
  conversation.add({ role: "user", content }, "prompt");
  const messages: Message[] = conversation.end("prompt");
  const turn: Turn = { ...read.settings, system: isRaw ? "" : system, messages, tools: [], toolChoice: "auto" };
  return toDecoded(body, "generate", turn, read);
}

const isEmpty = (held: unknown): boolean =>
  held === undefined || held === null || held === "" || (Array.isArray(held) && held.length === 0);

/**
 * Answers a request that has nothing to be answered: it loads a model, or unloads it with `keep_alive: 0`. @throws
 * ProxyError `model_not_found`.
 */
export function answerAtOnce(
  kind: OllamaForm["kind"],
  value: unknown,
  meta: Meta,
  models: Models,
): OllamaAnswer | undefined {
  const body = toFlatBody(value);
  const { messages, prompt, images, keep_alive: keepAlive } = body.object;
  const isLoad = kind === "chat" ? isEmpty(messages) : isEmpty(prompt) && isEmpty(images);
  if (!isLoad) return undefined;
  const form = { kind, model: body.required("model", toModelName) };
  models.resolve(form.model);
  return encodeLoaded(form, keepAlive === 0 || keepAlive === "0" ? "unload" : "load", meta);
}
