/** Events and whole answers as legacy completions: text alone, for the protocol has no place for anything else. */
import type { AnswerEvent, FinishReason } from "../../core/event.ts";
import type { Reply } from "../../core/reply.ts";
import type { SseFrame } from "../../lib/sse.ts";
import { toSeconds } from "../codec.ts";
import type { Meta } from "../codec.ts";
import type { FrameEncoder } from "../framing.ts";
import { encodeError } from "../openai/error.ts";
import { toUsage } from "../openai/usage.ts";
import type { CompletionsForm } from "./form.ts";
import type { Completion, CompletionFinishReason } from "./wire.ts";

const DONE: SseFrame = { data: "[DONE]" };

/** There are no tools, so no answer ends in a call. */
const FINISH_REASONS: Readonly<Record<FinishReason, CompletionFinishReason>> = {
  stop: "stop",
  length: "length",
  content_filter: "content_filter",
  tool_calls: "stop",
};

function toCompletion(model: string, meta: Meta, choices: Completion["choices"]): Completion {
  const created = toSeconds(meta.startedAtMs);
  return { id: `cmpl-${meta.id}`, object: "text_completion", created, model, choices };
}

function toChoices(text: string, finish: CompletionFinishReason | null): Completion["choices"] {
  return [{ index: 0, text, logprobs: null, finish_reason: finish }];
}

/** Makes the frames of one streamed answer. */
export function createEncoder({ model: asked, echo, includeUsage }: CompletionsForm, meta: Meta): FrameEncoder {
  let model: string | undefined;

  function frame(choices: Completion["choices"], usage: Completion["usage"] = null): SseFrame {
    const chunk = toCompletion(model ?? asked, meta, choices);
    return { data: JSON.stringify(includeUsage ? { ...chunk, usage } : chunk) };
  }

  function encode(event: AnswerEvent): SseFrame[] {
    switch (event.type) {
      case "start":
        if (model !== undefined) return [];
        ({ model } = event);
        return [frame(toChoices(echo, null))];
      case "text":
        return [frame(toChoices(event.text, null))];
      case "thinking":
      case "call":
      case "arguments":
      case "signature":
      case "redacted":
      case "progress":
      case "mcp_servers":
      case "mcp_call":
      case "mcp_arguments":
      case "mcp_result":
        return [];
      case "done": {
        const last = frame(toChoices("", FINISH_REASONS[event.finish]));
        return includeUsage ? [last, frame([], toUsage(event.usage)), DONE] : [last, DONE];
      }
    }
  }

  return { encode, fail: (error) => [{ data: JSON.stringify(encodeError(error)) }, DONE] };
}

/** Makes one whole answer. */
export function encodeReply({ model, text, finish, usage }: Reply, { echo }: CompletionsForm, meta: Meta): Completion {
  const choices = toChoices(echo + text, FINISH_REASONS[finish]);
  return { ...toCompletion(model, meta, choices), usage: toUsage(usage) };
}
