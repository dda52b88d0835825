/** Events and whole answers as Responses. Source: https://platform.openai.com/docs/api-reference/responses-streaming */
import type { ErrorKind, ProxyError } from "../../core/error.ts";
import { toPromptTokens } from "../../core/event.ts";
import type { AnswerEvent, FinishReason, Usage } from "../../core/event.ts";
import type { Reply, ReplyPart } from "../../core/reply.ts";
import type { SseFrame } from "../../lib/sse.ts";
import { toSeconds } from "../codec.ts";
import type { Meta } from "../codec.ts";
import type { FrameEncoder } from "../framing.ts";
import { encodeError } from "../openai/error.ts";
import { toServiceTier } from "../openai/tier.ts";
import type { ResponsesForm } from "./form.ts";
import type { ItemEvent } from "./item.ts";
import { createOutput } from "./output.ts";
import type { OutputWriter } from "./output.ts";
import type { ItemStatus, OutputItem, ResponseObject, ResponseUsage } from "./wire.ts";

/** The id a client goes on from. */
export function toResponseId({ id }: Pick<Meta, "id">): string {
  return `resp_${id}`;
}

function toUsage(usage: Usage): ResponseUsage {
  const input = toPromptTokens(usage);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheCreation },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.thinking ?? 0 },
    total_tokens: input + usage.output,
  };
}

/** The reason for which an answer is not whole. */
const CUTS: Readonly<Partial<Record<FinishReason, "max_output_tokens" | "content_filter">>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

type Outcome = Pick<
  ResponseObject,
  "status" | "error" | "incomplete_details" | "model" | "output" | "service_tier" | "usage"
>;

const OPEN = {
  status: "in_progress",
  error: null,
  incomplete_details: null,
  service_tier: "default",
  usage: null,
} as const;

function toEnd(finish: FinishReason, usage: Usage): Omit<Outcome, "model" | "output"> {
  const reason = CUTS[finish];
  const details = reason === undefined ? null : { reason };
  return {
    status: reason === undefined ? "completed" : "incomplete",
    error: null,
    incomplete_details: details,
    service_tier: toServiceTier(usage) ?? "default",
    usage: toUsage(usage),
  };
}

function toResponse({ request }: ResponsesForm, meta: Meta, outcome: Outcome): ResponseObject {
  const { status, error, incomplete_details, model, output, service_tier, usage } = outcome;
  return {
    id: toResponseId(meta),
    object: "response",
    created_at: toSeconds(meta.startedAtMs),
    completed_at: status === "completed" ? toSeconds(meta.nowMs()) : null,
    status,
    background: false,
    error,
    incomplete_details,
    model,
    output,
    ...request,
    service_tier,
    top_logprobs: 0,
    usage,
  };
}

/**
 * The codes a response's own error may have, as clients know them: `server_error` is the protocol's word for all else.
 */
const FAILURE_CODES: Readonly<Record<ErrorKind, string>> = {
  invalid_request: "invalid_prompt",
  context_too_long: "context_length_exceeded",
  extra_usage_required: "insufficient_quota",
  credits_exhausted: "insufficient_quota",
  previous_not_found: "server_error",
  // No other word keeps codex from asking again what the user has stopped.
  stopped: "invalid_prompt",
  bad_key: "server_error",
  not_logged_in: "server_error",
  forbidden: "server_error",
  not_found: "server_error",
  model_not_found: "server_error",
  method_not_allowed: "server_error",
  slow_request: "server_error",
  too_large: "server_error",
  unsupported_media_type: "server_error",
  unprocessable: "server_error",
  rate_limited: "rate_limit_exceeded",
  canceled: "server_error",
  internal: "server_error",
  upstream: "server_error",
  bad_gateway: "server_error",
  unavailable: "server_error",
  overloaded: "server_is_overloaded",
  timeout: "server_error",
};

/** Makes the frames of one streamed answer. */
export function createEncoder(form: ResponsesForm, meta: Meta): FrameEncoder {
  const output = createOutput(meta.id);
  let sequence = 0;
  let model: string | undefined;

  function frame({ type, ...rest }: ItemEvent): SseFrame {
    return { event: type, data: JSON.stringify({ type, sequence_number: sequence++, ...rest }) };
  }

  function response(outcome: Omit<Outcome, "model" | "output">): ResponseObject {
    return toResponse(form, meta, { ...outcome, model: model ?? form.model, output: output.items });
  }

  function toEvents(event: AnswerEvent): ItemEvent[] {
    switch (event.type) {
      case "start":
        if (model !== undefined) return [];
        model = event.model;
        return ["response.created", "response.in_progress"].map((type) => ({ type, response: response(OPEN) }));
      case "text":
        return output.addText("message", event.text);
      case "thinking":
        return output.addText("reasoning", event.text);
      case "call":
        return output.begin({ type: "function_call", callId: event.id, name: event.name });
      case "arguments":
        return output.add("function_call", event.json);
      case "mcp_servers":
        return output.list(event.servers.filter(({ name }) => !form.listed.includes(name)));
      case "mcp_call":
        return output.beginMcpCall(event);
      case "mcp_arguments":
        return output.addMcpArguments(event.json);
      case "mcp_result":
        return output.closeMcpCall(event);
      case "signature":
      case "redacted":
      case "progress":
        return [];
      case "done": {
        const end = toEnd(event.finish, event.usage);
        const status = end.status === "completed" ? "completed" : "incomplete";
        return [...output.end(status), { type: `response.${status}`, response: response(end) }];
      }
    }
  }

  return {
    encode: (event) => toEvents(event).map(frame),
    fail(error: ProxyError) {
      output.end("incomplete");
      const { message, code, param } = encodeError(error).error;
      const failure = { code: FAILURE_CODES[error.kind], message };
      // Some clients look for the response's end, others for an `error` event, which the official SDKs throw.
      return [
        frame({ type: "response.failed", response: response({ ...OPEN, status: "failed", error: failure }) }),
        frame({ type: "error", code, message, param }),
      ];
    },
  };
}

function addPart(output: OutputWriter, part: ReplyPart, { calls, mcp }: Reply): void {
  switch (part.type) {
    case "text":
      return void output.addText("message", part.text);
    case "thinking":
      return void output.addText("reasoning", part.text);
    case "redacted":
      return;
    case "call": {
      const call = calls[part.index];
      if (call) output.begin({ type: "function_call", callId: call.id, name: call.name });
      return void output.add("function_call", call?.arguments ?? "");
    }
    case "mcp_call": {
      const call = mcp?.calls[part.index];
      if (call) output.beginMcpCall(call);
      return void output.addMcpArguments(call?.arguments ?? "");
    }
    case "mcp_result": {
      const result = mcp?.calls[part.index]?.result;
      if (result) output.closeMcpCall(result);
    }
  }
}

/** The items of an answer, in its own order: the very ones that a stream of it tells of. */
function toOutput(reply: Reply, { listed }: ResponsesForm, meta: Meta, status: ItemStatus): readonly OutputItem[] {
  const output = createOutput(meta.id);
  output.list((reply.mcp?.servers ?? []).filter(({ name }) => !listed.includes(name)));
  for (const part of reply.parts) addPart(output, part, reply);
  output.end(status);
  return output.items;
}

/** Makes one whole answer. */
export function encodeReply(reply: Reply, form: ResponsesForm, meta: Meta): ResponseObject {
  const end = toEnd(reply.finish, reply.usage);
  const status = end.status === "completed" ? "completed" : "incomplete";
  return toResponse(form, meta, { ...end, model: reply.model, output: toOutput(reply, form, meta, status) });
}
