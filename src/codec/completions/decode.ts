/** A legacy completions request, read field by field. The prompt is a user's message, and the answer its completion. */
import { DEFAULT_THINKING, TEXT_FORMAT } from "../../core/turn.ts";
import type { Turn } from "../../core/turn.ts";
import type { Work } from "../../lib/work.ts";
import type { Decoded } from "../codec.ts";
import { createConversation } from "../conversation.ts";
import { refuse, toBody, toBoolean, toCount, toFields, toFilledText, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toStop } from "../openai/stop.ts";
import { readOpenAiSampling } from "../openai/tier.ts";
import type { CompletionsForm } from "./form.ts";

/** Reads a prompt: a text, or a list of one. Token numbers mean nothing to Claude. */
const toPrompt: Reader<string> = (value, path) => {
  if (!Array.isArray(value)) return toText(value, path);
  if (value.length !== 1) refuse(path, `expected one prompt, got ${value.length}: only 1 answer can be given`);
  return toText(value[0], `${path}[0]`);
};

/** Refuses what would change the meaning of the answer if it were left out. */
function refuseUnserved(body: Fields): void {
  body.refuse("n", "only 1 answer can be given", 1);
  body.refuse("best_of", "only 1 answer can be given", 1);
  body.refuse("logprobs", "log probabilities cannot be given", 0);
  body.refuse("suffix", "Claude writes on, and cannot fill a gap before a suffix: put it into the prompt", "");
}

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field. */
export function* decode(value: unknown): Work<Decoded<CompletionsForm>> {
  const body = yield* toBody(value);
  refuseUnserved(body);
  const prompt = body.required("prompt", toPrompt);
  const conversation = createConversation();
  conversation.add({ role: "user", content: [{ type: "text", text: prompt }] }, "prompt");
  const { turn: sampling, asked } = readOpenAiSampling(body);
  const turn: Turn = {
    model: body.required("model", toFilledText),
    system: "",
    messages: conversation.end("prompt"),
    tools: [],
    toolChoice: "auto",
    webSearch: false,
    parallelCalls: true,
    effort: undefined,
    thinking: DEFAULT_THINKING,
    maxTokens: body.optional("max_tokens", toCount),
    stop: body.optional("stop", toStop) ?? [],
    format: TEXT_FORMAT,
    ...sampling,
  };
  const options = body.optional("stream_options", toFields);
  const form = {
    model: turn.model,
    echo: body.optional("echo", toBoolean) ? prompt : "",
    includeUsage: options?.optional("include_usage", toBoolean) ?? false,
  };
  body.check("user", toText);
  const stream = body.optional("stream", toBoolean) ?? false;
  return { turn, delivery: { stream, store: false, ignored: body.unread(), asked }, form };
}
