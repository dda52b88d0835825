/** A whole answer: the fold of its events. */
import { ProxyError } from "./error.ts";
import { NO_USAGE } from "./event.ts";
import type { DoneEvent, FinishReason, McpResult, TurnEvent, Usage } from "./event.ts";
import type { McpServerState } from "./mcp.ts";
import { splitRounds } from "./round.ts";
import type { RoundPart } from "./round.ts";
import type { Message, ToolCall } from "./turn.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";

/** A tool call of an answer. */
export interface ReplyCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

/** A call of an answer to an MCP server that the request has named. */
export interface ReplyMcpCall extends ReplyCall {
  readonly server: string;
  /** Undefined where the answer has ended before it was there. */
  readonly result: McpResult | undefined;
}

/** The MCP servers that a request has named, as its answer tells of them. */
export interface ReplyMcp {
  readonly servers: readonly McpServerState[];
  readonly calls: readonly ReplyMcpCall[];
}

/** A part of an answer, in its place; a call by its place in `calls`, or in those of `mcp`, as its result is. */
export type ReplyPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string; readonly signature: string }
  | { readonly type: "redacted"; readonly data: string }
  | { readonly type: "call" | "mcp_call" | "mcp_result"; readonly index: number };

/** A whole answer. */
export interface Reply {
  readonly model: string;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ReplyCall[];
  /** Text, thinking and calls in the order in which they came. No two texts stand side by side. */
  readonly parts: readonly ReplyPart[];
  readonly finish: FinishReason;
  readonly stopSequence: string | undefined;
  /** The answer was cut because the model's context window is full. */
  readonly isWindowFull?: true;
  readonly usage: Usage;
  /** Absent where the request has named no MCP servers. */
  readonly mcp?: ReplyMcp;
}

/** A call's arguments as a value: what is not a JSON object has become an empty one. */
export function toCallInput({ arguments: json }: ReplyCall): JsonObject {
  const input = parseJson(json);
  return isObject(input) ? input : {};
}

function toClientCall(call: ReplyCall): ToolCall {
  return { type: "call", id: call.id, name: call.name, input: toCallInput(call) };
}

function toRoundParts(part: ReplyPart, { calls, mcp }: Reply): RoundPart[] {
  if (part.type === "text") return [part];
  if (part.type === "thinking" || part.type === "redacted") return [];
  if (part.type === "call") return calls.slice(part.index, part.index + 1).map(toClientCall);
  const call = mcp?.calls[part.index];
  if (part.type === "mcp_call") return call ? [{ ...toClientCall(call), server: call.server }] : [];
  return call?.result ? [{ ...call.result, type: "result" }] : [];
}

/**
 * The answer as the messages that a conversation goes on from: one, unless calls to MCP servers part it. Thinking is no
 * part of it.
 */
export function toMessages(reply: Reply): Message[] {
  if (reply.mcp) return splitRounds(reply.parts.flatMap((part) => toRoundParts(part, reply)));
  const said = reply.text === "" ? [] : [{ type: "text", text: reply.text } as const];
  return splitRounds([...said, ...reply.calls.map(toClientCall)]);
}

/** An answer that is being put together from its events. */
export interface Fold {
  /** Takes the next events. */
  add(events: readonly TurnEvent[]): void;
  /** The answer so far; whole once `done` has been added. */
  readonly reply: Reply;
}

/** A part while it grows: the pieces of a text or of thinking are joined once, when the part is read. */
type Growing =
  | { readonly type: "text"; readonly pieces: string[] }
  | { readonly type: "thinking"; readonly pieces: string[]; signature: string | undefined }
  | Exclude<ReplyPart, { readonly type: "text" | "thinking" }>;

function toPart(part: Growing): ReplyPart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.pieces.join("") };
    case "thinking":
      return { type: "thinking", text: part.pieces.join(""), signature: part.signature ?? "" };
    default:
      return part;
  }
}

/** The text that the last part may take, of a new one if need be. */
function toPieces(parts: Growing[], type: "text" | "thinking"): string[] {
  const last = parts.at(-1);
  const isOver = last?.type === "thinking" && last.signature !== undefined;
  if (last && last.type === type && !isOver) return last.pieces;
  const part: Growing = type === "text" ? { type, pieces: [] } : { type, pieces: [], signature: undefined };
  parts.push(part);
  return part.pieces;
}

function sign(parts: Growing[], signature: string): void {
  toPieces(parts, "thinking");
  const last = parts.at(-1);
  if (last?.type === "thinking") last.signature = signature;
}

function joinTexts(parts: readonly ReplyPart[], type: "text" | "thinking"): string {
  return parts.map((part) => (part.type === type ? part.text : "")).join("");
}

/** A call while its arguments grow. */
interface GrowingCall extends Omit<ReplyCall, "arguments"> {
  readonly pieces: string[];
}

const toWholeCall = ({ id, name, pieces }: GrowingCall): ReplyCall => ({ id, name, arguments: pieces.join("") });

/** The calls to MCP servers of an answer that is being put together. */
function createMcpFold() {
  let servers: readonly McpServerState[] | undefined;
  let calls: (GrowingCall & { readonly server: string; result: McpResult | undefined })[] = [];
  const find = (id: string): number => calls.findIndex((call) => call.id === id);
  return {
    /** Takes one event, and gives the part that it begins, if any. */
    add(event: TurnEvent): Growing[] {
      if (event.type === "mcp_servers") servers = event.servers;
      if (event.type === "mcp_arguments") calls[find(event.id)]?.pieces.push(event.json);
      if (event.type === "mcp_call") {
        const { id, server, name } = event;
        return [{ type: "mcp_call", index: calls.push({ id, server, name, pieces: [], result: undefined }) - 1 }];
      }
      const call = event.type === "mcp_result" ? calls[find(event.id)] : undefined;
      if (!call || event.type !== "mcp_result") return [];
      call.result = event;
      return [{ type: "mcp_result", index: find(event.id) }];
    },
    /** Voids the calls; the servers stay as they are. */
    retract: () => void (calls = []),
    read(): Pick<Reply, "mcp"> {
      const whole = calls.map((call) => ({ ...toWholeCall(call), server: call.server, result: call.result }));
      return servers || whole.length > 0 ? { mcp: { servers: servers ?? [], calls: whole } } : {};
    },
  };
}

/** Makes a fold that has seen nothing yet. */
export function createFold(): Fold {
  let model = "";
  let parts: Growing[] = [];
  let calls: GrowingCall[] = [];
  const mcp = createMcpFold();
  let end: DoneEvent = { type: "done", finish: "stop", usage: NO_USAGE };

  function addOne(event: TurnEvent): void {
    switch (event.type) {
      case "start":
        model = event.model;
        break;
      case "text":
      case "thinking":
        toPieces(parts, event.type).push(event.text);
        break;
      case "signature":
        sign(parts, event.signature);
        break;
      case "redacted":
        parts.push(event);
        break;
      case "call":
        parts.push({ type: "call", index: event.index });
        calls[event.index] = { id: event.id, name: event.name, pieces: [] };
        break;
      case "arguments":
        calls[event.index]?.pieces.push(event.json);
        break;
      case "retract":
        [parts, calls] = [[], []];
        mcp.retract();
        break;
      case "done":
        end = event;
        break;
      default:
        parts.push(...mcp.add(event));
    }
  }

  return {
    add(events) {
      for (const event of events) addOne(event);
    },
    get reply() {
      const whole = parts.map(toPart);
      return {
        model,
        text: joinTexts(whole, "text"),
        thinking: joinTexts(whole, "thinking"),
        calls: calls.map(toWholeCall),
        parts: whole,
        finish: end.finish,
        stopSequence: end.stopSequence,
        ...(end.isWindowFull ? { isWindowFull: end.isWindowFull } : {}),
        usage: end.usage,
        ...mcp.read(),
      };
    },
  };
}

/**
 * Reads a stream of events to its end and gives the whole answer.
 * @throws what the stream throws; ProxyError `bad_gateway` when it ends without `done`.
 */
export async function collect(events: AsyncIterable<readonly TurnEvent[]>): Promise<Reply> {
  const fold = createFold();
  let isDone = false;
  for await (const batch of events) {
    fold.add(batch);
    isDone ||= batch.at(-1)?.type === "done";
  }
  if (isDone) return fold.reply;
  throw new ProxyError("bad_gateway", "Cannot finish answer: the CLI stopped sending");
}
