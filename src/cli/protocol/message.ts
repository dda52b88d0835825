/**
 * The CLI's stream-json: each line narrowed once. Types follow `sdk.d.ts` of the npm package
 * `@anthropic-ai/claude-agent-sdk`.
 */
import type { KnownModels } from "../../core/model.ts";
import type { PlanReport } from "../../core/plan.ts";
import { isObject, numberOf, textOf } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toLimits } from "./catalogue.ts";
import { toPlanReport } from "./plan.ts";
import { toToolResult } from "./result.ts";
import type { ToolResultMessage } from "./result.ts";
import { toUsage } from "./usage.ts";
import type { WireUsage } from "./usage.ts";

/** One event of the Messages API stream, as the CLI passes it on. */
export type ApiEvent =
  | { readonly type: "message_start"; readonly model: string; readonly usage: WireUsage }
  | {
      readonly type: "block_start";
      readonly index: number;
      readonly block: string;
      readonly id: string;
      readonly name: string;
      /** Of thinking that is not shown. */
      readonly data?: string;
    }
  /** `signature` ends a block of thinking; its text is the signature. */
  | { readonly type: "text" | "thinking" | "json" | "signature"; readonly index: number; readonly text: string }
  | {
      readonly type: "message_delta";
      readonly stopReason: string;
      /** The stop sequence that was met; absent where none was. */
      readonly stopSequence?: string;
      readonly usage: WireUsage;
    }
  | { readonly type: "message_stop" }
  | { readonly type: "other" };

/** Set-up, tools and their answers: what goes between the two programs beside the turns. */
export type ControlMessage =
  | {
      readonly type: "control_response";
      readonly id: string;
      readonly response: JsonObject | undefined;
      readonly error: string;
    }
  | { readonly type: "control_request"; readonly id: string; readonly request: JsonObject };

/** Messages that belong to a turn. */
export type TurnMessage =
  | { readonly type: "api"; readonly event: ApiEvent }
  /**
   * An error the CLI words as an assistant message; `status` is the upstream's, where there was one, `cause` the CLI's
   * narrower word, if it has one.
   */
  | { readonly type: "failure"; readonly code: string; readonly status: number | undefined; readonly cause?: string }
  | ToolResultMessage
  | { readonly type: "retry"; readonly attempt: number; readonly delayMs: number; readonly status: number | undefined }
  | {
      readonly type: "rate_limit";
      /** The limit is reached, and no paid extra usage stands in. */
      readonly isRejected: boolean;
      readonly limit: string;
      readonly resetsAtSeconds: number | undefined;
      /** All windows of the plan; absent when none is told of. */
      readonly report?: PlanReport;
    }
  | AssistantMessage
  | { readonly type: "denied"; readonly tool: string }
  | ResultMessage;

/** One line. `other` is one that this program has no use for. */
export type CliMessage = ControlMessage | TurnMessage | { readonly type: "other" };

/** A tool call of the model's: the tool's name for the CLI, and its input. */
export interface ToolUse {
  readonly name: string;
  readonly input: JsonObject;
}

/** A block of a message of the model's, as soon as it is whole. Those of one message come in their order. */
export interface AssistantMessage {
  readonly type: "assistant";
  /** The CLI's id of the block. */
  readonly uuid: string;
  /** The API's id of the message. */
  readonly id: string;
  readonly model: string;
  /** Blocks as the API gave them; one, as far as is known. */
  readonly content: readonly JsonObject[];
  /** The tools that these blocks call. */
  readonly uses: readonly ToolUse[];
}

/** The end of a turn. `text` is the CLI's own words about it. */
export interface ResultMessage {
  readonly type: "result";
  readonly isError: boolean;
  readonly status: number | undefined;
  /** The API's own code of its error, if it has one. */
  readonly code?: string;
  readonly reason: string;
  readonly text: string;
  /** Limits of the models that have answered, by their full ids; absent when none is told. */
  readonly limits?: KnownModels["limits"];
}

const OTHER = { type: "other" } as const;

/** The text under `key`, or "". */
const text = (object: JsonObject, key: string): string => textOf(object[key]);

/** The object under `key`, or an empty one. */
function object(holder: JsonObject, key: string): JsonObject {
  const value = holder[key];
  return isObject(value) ? value : {};
}

function toDelta(index: number, delta: JsonObject): ApiEvent {
  switch (delta["type"]) {
    case "text_delta":
      return { type: "text", index, text: text(delta, "text") };
    case "thinking_delta":
      return { type: "thinking", index, text: text(delta, "thinking") };
    case "signature_delta":
      return { type: "signature", index, text: text(delta, "signature") };
    case "input_json_delta":
      return { type: "json", index, text: text(delta, "partial_json") };
    default:
      return OTHER;
  }
}

function toApiEvent(event: JsonObject): ApiEvent {
  const index = numberOf(event["index"]) ?? 0;
  switch (event["type"]) {
    case "message_start": {
      const message = object(event, "message");
      return { type: "message_start", model: text(message, "model"), usage: toUsage(object(message, "usage")) };
    }
    case "content_block_start": {
      const block = object(event, "content_block");
      const data = text(block, "data");
      return {
        type: "block_start",
        index,
        block: text(block, "type"),
        id: text(block, "id"),
        name: text(block, "name"),
        ...(data === "" ? {} : { data }),
      };
    }
    case "content_block_delta":
      return toDelta(index, object(event, "delta"));
    case "message_delta": {
      const held = object(event, "delta");
      const { stop_sequence: met } = held;
      return {
        type: "message_delta",
        stopReason: text(held, "stop_reason"),
        ...(typeof met === "string" ? { stopSequence: met } : {}),
        usage: toUsage(object(event, "usage")),
      };
    }
    case "message_stop":
      return { type: "message_stop" };
    default:
      return OTHER;
  }
}

function toControlResponse(response: JsonObject): CliMessage {
  const isSuccess = response["subtype"] === "success";
  return {
    type: "control_response",
    id: text(response, "request_id"),
    response: isSuccess ? object(response, "response") : undefined,
    error: text(response, "error"),
  };
}

function toSystem(message: JsonObject): CliMessage {
  if (message["subtype"] === "permission_denied") return { type: "denied", tool: text(message, "tool_name") };
  if (message["subtype"] !== "api_retry") return OTHER;
  return {
    type: "retry",
    attempt: numberOf(message["attempt"]) ?? 1,
    delayMs: numberOf(message["retry_delay_ms"]) ?? 0,
    status: numberOf(message["error_status"]),
  };
}

function toUses(content: readonly JsonObject[]): ToolUse[] {
  return content
    .filter((block) => block["type"] === "tool_use")
    .map((block) => ({ name: text(block, "name"), input: object(block, "input") }));
}

function toAssistant(message: JsonObject): CliMessage {
  const code = text(message, "error");
  const cause = text(message, "api_error");
  const answer = object(message, "message");
  const model = text(answer, "model");
  if (model !== "<synthetic>" && code === "") {
    const blocks: unknown = answer["content"];
    const content = Array.isArray(blocks) ? blocks.filter(isObject) : [];
    return {
      type: "assistant",
      uuid: text(message, "uuid"),
      id: text(answer, "id"),
      model,
      content,
      uses: toUses(content),
    };
  }
  return { type: "failure", code, status: numberOf(message["api_error_status"]), ...(cause === "" ? {} : { cause }) };
}

/** The CLI sends the result of each tool in a user message of its own. */
function toUser(message: JsonObject): CliMessage {
  return toToolResult(object(message, "message")["content"]) ?? OTHER;
}

function toRateLimit(info: JsonObject): CliMessage {
  const report = toPlanReport(info);
  return {
    type: "rate_limit",
    // A call that extra usage has paid for is "rejected" too (P79).
    isRejected: info["status"] === "rejected" && info["isUsingOverage"] !== true,
    limit: text(info, "rateLimitType"),
    resetsAtSeconds: numberOf(info["resetsAt"]),
    ...(report ? { report } : {}),
  };
}

function toResult(message: JsonObject): ResultMessage {
  const errors: unknown = message["errors"];
  const code = text(message, "api_error_code");
  const limits = toLimits(message["modelUsage"]);
  return {
    type: "result",
    isError: message["is_error"] === true,
    status: numberOf(message["api_error_status"]),
    ...(code === "" ? {} : { code }),
    ...(limits ? { limits } : {}),
    reason: text(message, "terminal_reason"),
    text:
      text(message, "result") ||
      (Array.isArray(errors) ? errors.filter((held) => typeof held === "string").join("; ") : ""),
  };
}

/**
 * Reads one line. What this program has no use for is `other`; so are the messages of the CLI's own sub-agents.
 * @throws SyntaxError when the line is not a JSON object.
 */
export function readMessage(line: string): CliMessage {
  const message: unknown = JSON.parse(line);
  if (!isObject(message)) throw new SyntaxError("not a JSON object");
  if (typeof message["parent_tool_use_id"] === "string") return OTHER;
  switch (message["type"]) {
    case "stream_event":
      return { type: "api", event: toApiEvent(object(message, "event")) };
    case "control_response":
      return toControlResponse(object(message, "response"));
    case "control_request":
      return { type: "control_request", id: text(message, "request_id"), request: object(message, "request") };
    case "assistant":
      return toAssistant(message);
    case "user":
      return toUser(message);
    case "system":
      return toSystem(message);
    case "rate_limit_event":
      return toRateLimit(object(message, "rate_limit_info"));
    case "result":
      return toResult(message);
    default:
      return OTHER;
  }
}
