/** Events and whole answers as Messages. Source: https://docs.claude.com/en/docs/build-with-claude/streaming */
import { NO_USAGE } from "../../core/event.ts";
import type { AnswerEvent, FinishReason, Usage } from "../../core/event.ts";
import { toCallInput } from "../../core/reply.ts";
import type { Reply } from "../../core/reply.ts";
import type { SseFrame } from "../../lib/sse.ts";
import type { Meta } from "../codec.ts";
import type { FrameEncoder } from "../framing.ts";
import { encodeError } from "./error.ts";
import type { MessagesForm } from "./form.ts";
import type { BlockDelta, ContentBlock, MessageEvent, MessageObject, MessageUsage, StopReason } from "./wire.ts";

function toUsage({ input, cacheCreation, cacheRead, output }: Usage): MessageUsage {
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheCreation,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
  };
}

const STOP_REASONS: Readonly<Record<FinishReason, StopReason>> = {
  stop: "end_turn",
  length: "max_tokens",
  content_filter: "refusal",
  tool_calls: "tool_use",
};

function toStop(
  finish: FinishReason,
  stopSequence: string | undefined,
): { stop_reason: StopReason; stop_sequence: string | null } {
  if (stopSequence !== undefined) return { stop_reason: "stop_sequence", stop_sequence: stopSequence };
  return { stop_reason: STOP_REASONS[finish], stop_sequence: null };
}

const toId = ({ id }: Meta): string => `msg_${id}`;
const toFrame = (event: MessageEvent): SseFrame => ({ event: event.type, data: JSON.stringify(event) });

const TEXT: ContentBlock = { type: "text", text: "" };
/** Signatures stay with the CLI. */
const THINKING: ContentBlock = { type: "thinking", thinking: "", signature: "" };

/** Makes the frames of one streamed answer. Blocks follow one another: one is stopped before the next starts. */
export function createEncoder({ showsThinking, inputTokens }: MessagesForm, meta: Meta): FrameEncoder {
  let hasStarted = false;
  let open: ContentBlock["type"] | undefined;
  let index = -1;

  function stop(): MessageEvent[] {
    if (open === undefined) return [];
    open = undefined;
    return [{ type: "content_block_stop", index }];
  }

  function start(content_block: ContentBlock): MessageEvent[] {
    const stopped = stop();
    open = content_block.type;
    index++;
    return [...stopped, { type: "content_block_start", index, content_block }];
  }

  function add(block: ContentBlock, delta: BlockDelta): MessageEvent[] {
    const started = open === block.type ? [] : start(block);
    return [...started, { type: "content_block_delta", index, delta }];
  }

  function begin(model: string): MessageEvent[] {
    if (hasStarted) return [];
    hasStarted = true;
    // The API counts the input once the answer is there: `message_delta` has the true usage, and some clients read only
    // this one.
    const usage = toUsage({ ...NO_USAGE, input: inputTokens });
    const rest = { content: [], stop_reason: null, stop_sequence: null, usage };
    const message: MessageObject = { id: toId(meta), type: "message", role: "assistant", model, ...rest };
    return [{ type: "message_start", message }, { type: "ping" }];
  }

  function toEvents(event: AnswerEvent): MessageEvent[] {
    switch (event.type) {
      case "start":
        return begin(event.model);
      case "text":
        return add(TEXT, { type: "text_delta", text: event.text });
      case "thinking":
        return showsThinking ? add(THINKING, { type: "thinking_delta", thinking: event.text }) : [];
      case "call":
        return start({ type: "tool_use", id: event.id, name: event.name, input: {} });
      case "arguments":
        return open === "tool_use"
          ? [{ type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json: event.json } }]
          : [];
      case "progress":
        return [];
      case "done": {
        const delta = toStop(event.finish, event.stopSequence);
        return [...stop(), { type: "message_delta", delta, usage: toUsage(event.usage) }, { type: "message_stop" }];
      }
    }
  }

  return {
    encode: (event) => toEvents(event).map(toFrame),
    fail: (error) => [toFrame(encodeError(error))],
  };
}

/** Makes one whole answer. */
export function encodeReply(reply: Reply, { showsThinking }: MessagesForm, meta: Meta): MessageObject {
  const { model, text, thinking, calls } = reply;
  const content: ContentBlock[] = [
    ...(thinking === "" || !showsThinking ? [] : [{ type: "thinking", thinking, signature: "" } as const]),
    ...(text === "" ? [] : [{ type: "text", text } as const]),
    ...calls.map((call) => ({ type: "tool_use", id: call.id, name: call.name, input: toCallInput(call) }) as const),
  ];
  const stop = toStop(reply.finish, reply.stopSequence);
  return { id: toId(meta), type: "message", role: "assistant", model, content, ...stop, usage: toUsage(reply.usage) };
}
