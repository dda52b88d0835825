/** Events and whole answers as Messages. Source: https://docs.claude.com/en/docs/build-with-claude/streaming */
import { NO_USAGE } from "../../core/event.ts";
import type { AnswerEvent, FinishReason, InputUsage, McpResult, Usage } from "../../core/event.ts";
import { toCallInput } from "../../core/reply.ts";
import type { Reply, ReplyPart } from "../../core/reply.ts";
import { toPartText } from "../../core/round.ts";
import type { SseFrame } from "../../lib/sse.ts";
import type { Meta } from "../codec.ts";
import type { FrameEncoder } from "../framing.ts";
import { encodeError } from "./error.ts";
import type { MessagesForm } from "./form.ts";
import type { BlockDelta, ContentBlock, MessageEvent, MessageObject, MessageUsage } from "./wire.ts";
import type { StopFields, StopReason } from "./wire.ts";

function toUsage(usage: Usage): MessageUsage {
  const { input, cacheCreation, cacheRead, output, thinking, cacheWrites, serviceTier, speed } = usage;
  const split = cacheWrites && {
    ephemeral_5m_input_tokens: cacheWrites.fiveMinutes,
    ephemeral_1h_input_tokens: cacheWrites.oneHour,
  };
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheCreation,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
    ...(thinking === undefined ? {} : { output_tokens_details: { thinking_tokens: thinking } }),
    ...(split ? { cache_creation: split } : {}),
    ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
    ...(speed === undefined ? {} : { speed }),
  };
}

const STOP_REASONS: Readonly<Record<FinishReason, StopReason>> = {
  stop: "end_turn",
  length: "max_tokens",
  content_filter: "refusal",
  tool_calls: "tool_use",
};

/** The end of an answer, as a stream tells it or as a whole has it. */
interface End {
  readonly finish: FinishReason;
  readonly stopSequence?: string | undefined;
  readonly isWindowFull?: true;
}

function toStop({ finish, stopSequence, isWindowFull }: End): StopFields {
  if (stopSequence !== undefined) return { stop_reason: "stop_sequence", stop_sequence: stopSequence };
  const stop_reason = isWindowFull ? "model_context_window_exceeded" : STOP_REASONS[finish];
  return { stop_reason, stop_sequence: null };
}

const toId = ({ id }: Meta): string => `msg_${id}`;
const toFrame = (event: MessageEvent): SseFrame => ({ event: event.type, data: JSON.stringify(event) });

const TEXT: ContentBlock = { type: "text", text: "" };
const THINKING: ContentBlock = { type: "thinking", thinking: "", signature: "" };

/** The result of a call to an MCP server, which is texts alone: an image is told by its type. */
function toResultBlock({ id, content, isError }: McpResult): ContentBlock {
  const texts = content.map((part) => ({ type: "text", text: toPartText(part) }) as const);
  return { type: "mcp_tool_result", tool_use_id: id, is_error: isError, content: texts };
}

/** The blocks of a streamed answer: one is stopped before the next starts. */
function createBlockWriter() {
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

  return {
    stop,
    start,
    /** Adds to the open block of this type, or to a new one. */
    add(block: ContentBlock, delta: BlockDelta): MessageEvent[] {
      const started = open === block.type ? [] : start(block);
      return [...started, { type: "content_block_delta", index, delta }];
    },
    /** Adds to the input of the open call, if one is open. */
    addInput(partial_json: string): MessageEvent[] {
      const isCall = open === "tool_use" || open === "mcp_tool_use";
      return isCall ? [{ type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json } }] : [];
    },
  };
}

/** Makes the frames of one streamed answer. Blocks follow one another: one is stopped before the next starts. */
export function createEncoder({ thinking, inputTokens }: MessagesForm, meta: Meta): FrameEncoder {
  const { start, stop, add, addInput } = createBlockWriter();
  let hasStarted = false;

  function begin(model: string, known: InputUsage = { ...NO_USAGE, input: inputTokens }): MessageEvent[] {
    if (hasStarted) return [];
    hasStarted = true;
    // Some clients read the input of this one alone; `message_delta` has what all API calls took.
    const usage = toUsage({ ...NO_USAGE, ...known });
    const rest = { content: [], stop_reason: null, stop_sequence: null, usage };
    const message: MessageObject = { id: toId(meta), type: "message", role: "assistant", model, ...rest };
    return [{ type: "message_start", message }, { type: "ping" }];
  }

  function toEvents(event: AnswerEvent): MessageEvent[] {
    switch (event.type) {
      case "start":
        return begin(event.model, event.usage);
      case "text":
        return add(TEXT, { type: "text_delta", text: event.text });
      case "thinking":
        return thinking === "shown" ? add(THINKING, { type: "thinking_delta", thinking: event.text }) : [];
      case "signature":
        if (thinking === "hidden") return [];
        // It ends its block: thinking that follows is another.
        return [...add(THINKING, { type: "signature_delta", signature: event.signature }), ...stop()];
      case "redacted":
        return thinking === "hidden" ? [] : [...start({ type: "redacted_thinking", data: event.data }), ...stop()];
      case "call":
        return start({ type: "tool_use", id: event.id, name: event.name, input: {} });
      case "mcp_call": {
        const { id, name, server } = event;
        return start({ type: "mcp_tool_use", id, name, server_name: server, input: {} });
      }
      case "mcp_result":
        return [...start(toResultBlock(event)), ...stop()];
      case "arguments":
      case "mcp_arguments":
        return addInput(event.json);
      case "mcp_servers":
      case "progress":
        return [];
      case "done": {
        const delta = toStop(event);
        return [...stop(), { type: "message_delta", delta, usage: toUsage(event.usage) }, { type: "message_stop" }];
      }
    }
  }

  return {
    encode: (event) => toEvents(event).map(toFrame),
    fail: (error) => [toFrame(encodeError(error))],
  };
}

/** One part of an answer as blocks: none for what the client is not to see. */
function toBlocks(part: ReplyPart, { calls, mcp }: Reply, display: MessagesForm["thinking"]): ContentBlock[] {
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text }];
    case "thinking": {
      if (display === "hidden") return [];
      return [{ type: "thinking", thinking: display === "shown" ? part.text : "", signature: part.signature }];
    }
    case "redacted":
      return display === "hidden" ? [] : [{ type: "redacted_thinking", data: part.data }];
    case "call": {
      const call = calls[part.index];
      return call ? [{ type: "tool_use", id: call.id, name: call.name, input: toCallInput(call) }] : [];
    }
    case "mcp_call": {
      const call = mcp?.calls[part.index];
      if (!call) return [];
      const { id, name, server } = call;
      return [{ type: "mcp_tool_use", id, name, server_name: server, input: toCallInput(call) }];
    }
    case "mcp_result": {
      const result = mcp?.calls[part.index]?.result;
      return result ? [toResultBlock(result)] : [];
    }
  }
}

/** Texts that only hidden thinking stood between are one, as in a stream. */
function joinTexts(blocks: readonly ContentBlock[]): ContentBlock[] {
  const joined: ContentBlock[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (block.type === "text" && last?.type === "text")
      joined[joined.length - 1] = { type: "text", text: last.text + block.text };
    else joined.push(block);
  }
  return joined;
}

/** Makes one whole answer. */
export function encodeReply(reply: Reply, { thinking }: MessagesForm, meta: Meta): MessageObject {
  const content = joinTexts(reply.parts.flatMap((part) => toBlocks(part, reply, thinking)));
  const { model } = reply;
  const stop = toStop(reply);
  return { id: toId(meta), type: "message", role: "assistant", model, content, ...stop, usage: toUsage(reply.usage) };
}
