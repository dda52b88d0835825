/** A chat request, read field by field. */
import { TEXT_FORMAT } from "../../core/turn.ts";
import type { Work } from "../../lib/work.ts";
import type { Decoded } from "../codec.ts";
import { refuse, toArray, toBody, toBoolean, toCount, toFields, toFilledText, toText } from "../field.ts";
import type { Fields } from "../field.ts";
import { toFormat } from "../openai/format.ts";
import { listSearchLimits } from "../openai/search.ts";
import { toStop } from "../openai/stop.ts";
import { readSettings } from "../openai/tier.ts";
import { DEFAULT_EFFORT, toEffortSetting } from "../setting.ts";
import type { ChatForm } from "./form.ts";
import { readConversation } from "./message.ts";
import { readTools } from "./tool.ts";

/** Refuses what would change the meaning of the answer if it were left out. */
function refuseUnserved(body: Fields): void {
  body.refuse("n", "only 1 answer can be given", 1);
  body.refuse("logprobs", "log probabilities cannot be given", false);
  body.refuse("top_logprobs", "log probabilities cannot be given", 0);
  body.refuse("audio", "audio cannot be given");
  body.check("modalities", (value, path) => {
    if (toArray(value, path).some((kind) => kind !== "text")) refuse(path, 'only "text" can be given');
  });
}

const toChatFormat = toFormat((format) => format.required("json_schema", toFields));

/** A client that chooses an effort reads the thinking too: it comes as `reasoning_content`. */
const toEffort = toEffortSetting("shown");

function readForm(body: Fields, model: string, isLegacy: boolean): ChatForm {
  const options = body.optional("stream_options", toFields);
  return {
    model,
    includeUsage: options?.optional("include_usage", toBoolean) ?? false,
    includeProgress: options?.optional("include_progress", toBoolean) ?? false,
    isLegacy,
  };
}

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field. */
export function* decode(value: unknown): Work<Decoded<ChatForm>> {
  const body = yield* toBody(value);
  refuseUnserved(body);
  const { tools, toolChoice, isLegacy, ignored } = readTools(body);
  const model = body.required("model", toFilledText);
  const form = readForm(body, model, isLegacy);
  // Read under both names: the newer one counts, and neither may be wrong.
  const maxTokens = body.optional("max_tokens", toCount);
  const settings = readSettings(body);
  const parallelCalls = body.optional("parallel_tool_calls", toBoolean) ?? true;
  const search = body.optional("web_search_options", toFields);
  const { system, messages, ignored: unheard } = yield* readConversation(body);
  const turn = {
    model,
    system,
    messages,
    tools,
    toolChoice,
    webSearch: search !== undefined,
    parallelCalls: parallelCalls && !isLegacy,
    ...(body.optional("reasoning_effort", toEffort) ?? DEFAULT_EFFORT),
    maxTokens: body.optional("max_completion_tokens", toCount) ?? maxTokens,
    stop: body.optional("stop", toStop) ?? [],
    format: body.optional("response_format", toChatFormat) ?? TEXT_FORMAT,
    ...settings.turn,
  };
  const stream = body.optional("stream", toBoolean) ?? false;
  body.check("user", toText);
  body.accept("metadata", "store");
  const limits = search ? listSearchLimits(search) : [];
  const allIgnored = [...body.unread(), ...ignored, ...limits, ...unheard];
  const delivery = { stream, store: false, ignored: allIgnored, asked: settings.asked };
  return { turn, delivery, form };
}
