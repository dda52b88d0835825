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
  // Read-only tools may run side by side, so all parallel calls arrive at once.
  return { name, description, inputSchema: schema, annotations: { readOnlyHint: true } };
}

/**
 * The CLI saves a longer result to a file, and names it instead; so it does when all results together are longer than
 * four.
 */
const GIVEABLE_CHARACTERS = 50_000;
const GIVEABLE_TOGETHER = 4 * GIVEABLE_CHARACTERS;

/**
 * Characters of text in a result the CLI would pass on as it is; infinite for one it would not: blank, too long, an
 * image by URL.
 */
function toGiveableSize({ content }: ToolResult): number {
  const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const size = texts.reduce((sum, text) => sum + text.length, 0);
  const isBlank = texts.length === content.length && texts.every((text) => text.trim() === "");
  const hasUrl = content.some((part) => part.type === "image" && part.source.type === "url");
  return isBlank || hasUrl || size >= GIVEABLE_CHARACTERS ? Number.POSITIVE_INFINITY : size;
}

/**
 * False where the CLI would change one of these results on its way to the model: then the history has to be replayed.
 */
export function areGiveable(results: readonly ToolResult[]): boolean {
  return results.reduce((sum, result) => sum + toGiveableSize(result), 0) < GIVEABLE_TOGETHER;
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
