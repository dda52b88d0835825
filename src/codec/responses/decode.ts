/** A Responses request, read field by field. */
import { TEXT_FORMAT } from "../../core/turn.ts";
import type { Thinking } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Work } from "../../lib/work.ts";
import type { Decoded, Store } from "../codec.ts";
import { toSystem } from "../conversation.ts";
import { createFields, refuse, toArray, toBody, toBoolean, toCount } from "../field.ts";
import { toFields, toFilledText, toObject, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toFormat } from "../openai/format.ts";
import { readSettings } from "../openai/tier.ts";
import { toEffortSetting } from "../setting.ts";
import type { EffortSetting } from "../setting.ts";
import type { ResponsesForm } from "./form.ts";
import { readInput } from "./input.ts";
import { findItem, findPrevious } from "./stored.ts";
import type { StoredResponse } from "./stored.ts";
import { readTools } from "./tool.ts";
import type { RequestFields } from "./wire.ts";

/** Pairs, and characters, as the API has them: the response repeats them in its events, and is stored with them. */
const MOST_METADATA = 16;
const LONGEST_KEY = 64;
const LONGEST_VALUE = 512;

/** Refuses what would change the meaning of the answer if it were left out. */
function refuseUnserved(body: Fields): void {
  if (body.optional("background", toBoolean)) refuse("background", "answers are given while the client waits");
  body.refuse("conversation", "conversations are not stored here: send previous_response_id or the whole input");
  body.refuse("prompt", "stored prompts are not had here: send the text itself");
  body.refuse("top_logprobs", "log probabilities cannot be given", 0);
}

const toMetadata: Reader<JsonObject> = (value, path) => {
  const metadata = toObject(value, path);
  const pairs = Object.entries(metadata);
  if (pairs.length > MOST_METADATA) refuse(path, `expected at most ${MOST_METADATA} pairs`);
  for (const [key, held] of pairs) {
    const at = `${path}.${key.slice(0, LONGEST_KEY)}`;
    if (key.length > LONGEST_KEY) refuse(at, `expected a key of at most ${LONGEST_KEY} characters`);
    if (toText(held, at).length > LONGEST_VALUE) refuse(at, `expected at most ${LONGEST_VALUE} characters`);
  }
  return metadata;
};

const toTruncation = toOneOf(["auto", "disabled"]);
const toResponsesFormat = toFormat((format) => format);

/** Reads the fields that the response repeats: defaults filled in, as the API does. */
function readRepeated(body: Fields, reasoning: Fields, tools: readonly JsonObject[]): RequestFields {
  // Not counted as read: the response repeats these whether they are honoured or not.
  const repeatNumber = <T>(name: string, usual: T): number | T => {
    const held = body.object[name];
    return typeof held === "number" ? held : usual;
  };
  const readText = (name: string): string | null => body.optional(name, toText) ?? null;
  const { format, verbosity } = body.optional("text", toObject) ?? {};
  const user = readText("user");
  return {
    instructions: readText("instructions"),
    max_output_tokens: body.optional("max_output_tokens", toCount) ?? null,
    max_tool_calls: repeatNumber("max_tool_calls", null),
    metadata: body.optional("metadata", toMetadata) ?? {},
    parallel_tool_calls: body.optional("parallel_tool_calls", toBoolean) ?? true,
    frequency_penalty: repeatNumber("frequency_penalty", 0),
    presence_penalty: repeatNumber("presence_penalty", 0),
    previous_response_id: readText("previous_response_id"),
    prompt_cache_key: readText("prompt_cache_key"),
    reasoning: {
      effort: reasoning.optional("effort", toText) ?? null,
      summary: reasoning.optional("summary", toText) ?? null,
    },
    safety_identifier: readText("safety_identifier"),
    store: body.optional("store", toBoolean) ?? true,
    temperature: repeatNumber("temperature", 1),
    text: { format: format ?? { type: "text" }, ...(verbosity === undefined ? {} : { verbosity }) },
    tool_choice: body.object["tool_choice"] ?? "auto",
    tools,
    top_p: repeatNumber("top_p", 1),
    truncation: body.optional("truncation", toTruncation) ?? "disabled",
    ...(user === null ? {} : { user }),
  };
}

/**
 * `effort` says how hard the model thinks, and `none` that it does not; a summary that is asked for shows the thinking.
 */
function readReasoning(reasoning: Fields): EffortSetting {
  const older = reasoning.optional("generate_summary", toText);
  const summary = reasoning.optional("summary", toText) ?? older ?? "none";
  const thinking: Thinking = { mode: summary === "none" ? "default" : "shown" };
  const asked = reasoning.optional("effort", toEffortSetting("default"));
  return { effort: asked?.effort, thinking: asked?.thinking.mode === "off" ? asked.thinking : thinking };
}

function readEarlier(body: Fields, store: Pick<Store, "get">): StoredResponse | undefined {
  return body.optional("previous_response_id", (id, path) => findPrevious(store, toFilledText(id, path), path));
}

/** Names of what cannot be honoured, once all else is read. Clients ask for the `include`d parts without need. */
function toIgnored(body: Fields, groups: readonly Fields[], request: RequestFields): string[] {
  const include = body.optional("include", toArray) ?? [];
  body.accept("stream_options", "prompt_cache_retention", "client_metadata");
  return [
    ...body.unread(),
    ...groups.flatMap((group) => group.unread()),
    ...(include.length > 0 ? ["include"] : []),
    ...(request.truncation === "auto" ? ["truncation"] : []),
  ];
}

/**
 * Reads the body of a request. @throws ProxyError `invalid_request` naming the field; `previous_not_found` for an
 * earlier response that is not stored, `not_found` for an item of one.
 */
export function* decode(value: unknown, store: Pick<Store, "get">, takesServers = false): Work<Decoded<ResponsesForm>> {
  const body = yield* toBody(value);
  refuseUnserved(body);
  const { tools, toolChoice, webSearch, servers, repeated, ignored } = readTools(body, takesServers);
  const text = body.optional("text", toFields) ?? createFields({}, "text");
  const reasoning = body.optional("reasoning", toFields) ?? createFields({}, "reasoning");
  const request = readRepeated(body, reasoning, repeated);
  const { messages, systems, listed, items } = yield* readInput(body, readEarlier(body, store), (id, path) =>
    findItem(store, id, path),
  );
  const model = body.required("model", toFilledText);
  const settings = readSettings(body);
  const turn = {
    model,
    system: toSystem([request.instructions ?? "", ...systems]),
    messages,
    tools,
    toolChoice,
    webSearch,
    parallelCalls: request.parallel_tool_calls,
    ...readReasoning(reasoning),
    maxTokens: request.max_output_tokens ?? undefined,
    stop: [],
    format: text.optional("format", toResponsesFormat) ?? TEXT_FORMAT,
    ...settings.turn,
  };
  const stream = body.optional("stream", toBoolean) ?? false;
  const allIgnored = [...toIgnored(body, [text, reasoning], request), ...ignored];
  return {
    turn,
    delivery: { stream, store: request.store, ignored: allIgnored, asked: settings.asked },
    form: { model, request, systems, listed, input: items },
    servers,
  };
}
