/**
 * The client's tools as an MCP server that lives in this process and speaks over the CLI's own stdio. Source:
 * https://modelcontextprotocol.io/specification/2025-11-25/server/tools
 */
import { toCallId } from "../../core/turn.ts";
import type { Tool, ToolResult } from "../../core/turn.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { AnswerRequest } from "./channel.ts";
import { TOOL_SERVER } from "./name.ts";

/** A call may be held open for a day; the idle time of the process ends it long before. */
const CALL_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** Most characters of text in a result, in UTF-16 units: the CLI knows no higher limit, and saves a longer one. */
const MAX_RESULT_CHARACTERS = 500_000;
/** Most characters of an error, in UTF-16 units. The CLI cuts a longer one. */
const MAX_ERROR_CHARACTERS = 10_000;

const HELLO: JsonObject = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: TOOL_SERVER, version: "1" },
};

/** The MCP server of one process. A held call is answered when its result is given. */
export interface ToolServer {
  /** Names the tools the model will see; before the first turn only. */
  offer(tools: readonly Tool[]): void;
  /**
   * Answers a control request of the CLI's. A tool call is answered once its result is there. @throws Error for
   * anything else.
   */
  readonly answer: AnswerRequest;
  /** Hands in results; a call that has not yet been asked for finds its result waiting. */
  give(results: readonly ToolResult[]): void;
}

/** The fields of `initialize` that register the tools; none when there are none. */
export function toServerFields(tools: readonly Tool[]): JsonObject {
  if (tools.length === 0) return {};
  return {
    sdkMcpServers: [TOOL_SERVER],
    sdkMcpServerConfigs: { [TOOL_SERVER]: { timeout: CALL_TIMEOUT_MS } },
    sdkMcpServerManifests: {
      [TOOL_SERVER]: { initializeResult: HELLO, toolsListResult: { tools: tools.map(toMcpTool) } },
    },
  };
}

function toMcpTool({ name, description, schema }: Tool): JsonObject {
  return {
    name,
    description,
    inputSchema: schema,
    // Read-only tools may run side by side, so all parallel calls arrive at once (P42).
    annotations: { readOnlyHint: true },
    // Else the limit on a result is 50,000 characters (P44).
    _meta: { "anthropic/maxResultSizeChars": MAX_RESULT_CHARACTERS },
  };
}

/** True when an error arrives as it is: the CLI joins its texts to one, trims that, drops images and cuts it (P46). */
function isGiveableError({ content: [first, ...others] }: ToolResult): boolean {
  if (first?.type !== "text" || others.length > 0) return false;
  return first.text !== "" && first.text === first.text.trim() && first.text.length <= MAX_ERROR_CHARACTERS;
}

/** True when a result arrives as it is: not a blank one, a longer one, or one with an image by URL (P43 to P45). */
function isGiveable(result: ToolResult): boolean {
  if (result.isError) return isGiveableError(result);
  const { content } = result;
  const size = content.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0);
  const isBlank = content.every((part) => part.type === "text" && part.text.trim() === "");
  const hasUrl = content.some((part) => part.type === "image" && part.source.type === "url");
  return !isBlank && !hasUrl && size <= MAX_RESULT_CHARACTERS;
}

/**
 * False where the CLI would change one of these results on its way to the model: then the history has to be replayed.
 */
export function areGiveable(results: readonly ToolResult[]): boolean {
  return results.every(isGiveable);
}

function toMcpResult({ content, isError }: ToolResult): JsonObject {
  return {
    content: content.flatMap((part): JsonObject[] => {
      if (part.type === "text") return [{ type: "text", text: part.text }];
      return part.source.type === "base64"
        ? [{ type: "image", data: part.source.data, mimeType: part.source.mediaType }]
        : [];
    }),
    ...(isError ? { isError } : {}),
  };
}

/** Makes the tool server of one process. */
export function createToolServer(): ToolServer {
  let offered: readonly Tool[] = [];
  const results = new Map<string, ToolResult>();
  const waiting = new Map<string, (result: ToolResult) => void>();

  function call(params: unknown, respond: (result: JsonObject) => void): void {
    const meta = isObject(params) ? params["_meta"] : undefined;
    const sent = isObject(meta) ? meta["claudecode/toolUseId"] : undefined;
    if (typeof sent !== "string") throw new Error("a tool call without an id");
    const id = toCallId(sent);
    const result = results.get(id);
    results.delete(id);
    if (result) respond(toMcpResult(result));
    else waiting.set(id, (given) => respond(toMcpResult(given)));
  }

  function toAnswer(method: unknown): JsonObject {
    switch (method) {
      case "initialize":
        return HELLO;
      case "tools/list":
        return { tools: offered.map(toMcpTool) };
      case "ping":
        return {};
      default:
        if (typeof method === "string" && method.startsWith("notifications/")) return {};
        throw new Error("unknown method");
    }
  }

  return {
    offer(tools) {
      offered = tools;
    },
    answer({ subtype, message }, respond) {
      if (subtype !== "mcp_message" || !isObject(message)) throw new Error("unknown control request");
      const { method, params, id } = message;
      const pass = (result: JsonObject): void => respond({ mcp_response: { jsonrpc: "2.0", id: id ?? 0, result } });
      if (method === "tools/call") call(params, pass);
      else pass(toAnswer(method));
    },
    give(given) {
      for (const result of given) {
        const pass = waiting.get(result.id);
        waiting.delete(result.id);
        if (pass) pass(result);
        else results.set(result.id, result);
      }
    },
  };
}
