/** Events and whole answers as Chat Completions. */
import type { AnswerEvent, FinishReason, Usage } from "../../core/event.ts";
import type { Reply } from "../../core/reply.ts";
import type { SseFrame } from "../../lib/sse.ts";
import { toSeconds } from "../codec.ts";
import type { Meta } from "../codec.ts";
import type { FrameEncoder } from "../framing.ts";
import { encodeError } from "../openai/error.ts";
import { toServiceTier } from "../openai/tier.ts";
import { toUsage } from "../openai/usage.ts";
import type { ChatForm } from "./form.ts";
import type { ChatChunk, ChatCompletion, ChatDelta, ChatFinishReason, ChatMessage } from "./wire.ts";

function toFinish(finish: FinishReason, isLegacy: boolean): ChatFinishReason {
  return finish === "tool_calls" && isLegacy ? "function_call" : finish;
}

const DONE: SseFrame = { data: "[DONE]" };
const ROLE: ChatDelta = { role: "assistant", content: "", refusal: null };

type ChunkHead = Omit<ChatChunk, "choices" | "usage" | "service_tier">;

/** The tier of an answer, where it is known. */
function toTier(usage: Usage): Pick<ChatChunk, "service_tier"> {
  const tier = toServiceTier(usage);
  return tier === undefined ? {} : { service_tier: tier };
}

/** The beginning of every chunk of an answer, spelled once: it is half of a chunk's time. */
function toHead(model: string, meta: Meta): string {
  const head: ChunkHead = {
    id: `chatcmpl-${meta.id}`,
    object: "chat.completion.chunk",
    created: toSeconds(meta.startedAtMs),
    model,
  };
  return JSON.stringify(head).slice(0, -1);
}

/** Makes the frames of one streamed answer. */
export function createEncoder({ model, includeUsage, includeProgress, isLegacy }: ChatForm, meta: Meta): FrameEncoder {
  let hasStarted = false;
  let head = toHead(model, meta);

  function frame(rest: Omit<ChatChunk, keyof ChunkHead>): SseFrame {
    return { data: `${head},${JSON.stringify(rest).slice(1)}` };
  }

  function chunk(delta: ChatDelta, finish: ChatFinishReason | null = null, rest: Partial<ChatChunk> = {}): SseFrame {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }] as const;
    return frame({ choices, ...rest, ...(includeUsage ? { usage: null } : {}) });
  }

  function encode(event: AnswerEvent): SseFrame[] {
    switch (event.type) {
      case "start":
        if (hasStarted) return [];
        hasStarted = true;
        head = toHead(event.model, meta);
        return [chunk(ROLE)];
      case "text":
        return [chunk({ content: event.text })];
      case "thinking":
        return [chunk({ reasoning_content: event.text })];
      case "call": {
        const { index, id, name } = event;
        const call = { name, arguments: "" };
        return [
          chunk(isLegacy ? { function_call: call } : { tool_calls: [{ index, id, type: "function", function: call }] }),
        ];
      }
      case "arguments": {
        const call = { arguments: event.json };
        return [chunk(isLegacy ? { function_call: call } : { tool_calls: [{ index: event.index, function: call }] })];
      }
      case "signature":
      case "redacted":
      case "mcp_servers":
      case "mcp_call":
      case "mcp_arguments":
      case "mcp_result":
        return [];
      case "progress": {
        if (!includeProgress) return [];
        const { tool, summary } = event;
        return [chunk({ reasoning_content: summary === "" ? `Running ${tool}\n` : `Running ${tool}: ${summary}\n` })];
      }
      case "done": {
        const tier = toTier(event.usage);
        const last = chunk({}, toFinish(event.finish, isLegacy), tier);
        if (!includeUsage) return [last, DONE];
        return [last, frame({ choices: [], ...tier, usage: toUsage(event.usage) }), DONE];
      }
    }
  }

  // The official SDKs throw an event that holds the envelope.
  return { encode, fail: (error) => [{ data: JSON.stringify(encodeError(error)) }, DONE] };
}

function toMessage({ text, thinking, calls }: Reply, isLegacy: boolean): ChatMessage {
  const [first] = calls;
  const made = calls.map(
    ({ id, name, arguments: json }) => ({ id, type: "function", function: { name, arguments: json } }) as const,
  );
  return {
    role: "assistant",
    content: text === "" && first ? null : text,
    refusal: null,
    ...(thinking === "" ? {} : { reasoning_content: thinking }),
    ...(first && !isLegacy ? { tool_calls: made } : {}),
    ...(first && isLegacy ? { function_call: { name: first.name, arguments: first.arguments } } : {}),
  };
}

/** Makes one whole answer. */
export function encodeReply(reply: Reply, { isLegacy }: ChatForm, meta: Meta): ChatCompletion {
  const finish_reason = toFinish(reply.finish, isLegacy);
  return {
    id: `chatcmpl-${meta.id}`,
    object: "chat.completion",
    created: toSeconds(meta.startedAtMs),
    model: reply.model,
    choices: [{ index: 0, message: toMessage(reply, isLegacy), logprobs: null, finish_reason }],
    ...toTier(reply.usage),
    usage: toUsage(reply.usage),
  };
}
