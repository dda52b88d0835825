/** Content blocks of the API's answer: which are shown to the client, as what, and which are the CLI's own business. */
import type { McpServerState } from "../../core/mcp.ts";
import { toCallId } from "../../core/turn.ts";
import { parseJson } from "../../lib/json.ts";
import { STRUCTURED_TOOL, toClientName, toServerTool } from "../protocol/name.ts";
import type { Draft, Sink } from "./draft.ts";
import { toForcedCalls } from "../request/structured.ts";
import type { Structured } from "../request/structured.ts";
import type { ApiEvent } from "../protocol/message.ts";

/** Parts that the blocks of one turn work with. */
export interface BlocksOptions {
  readonly structured: Structured | undefined;
  readonly tools: ReadonlySet<string>;
  /** The MCP servers whose calls are shown. */
  readonly servers: ReadonlySet<string>;
  /** Their states. */
  readonly readServers: () => readonly McpServerState[];
  readonly draft: Draft;
}

/** The content blocks of one turn's API calls. */
export interface Blocks {
  /** A new message: its blocks are counted from 0 again. */
  reset(): void;
  /** Takes the start of a block, or a delta; ignores every other event. */
  read(event: ApiEvent): void;
  /** Forgets the structured output: it did not fit, or its message broke off. */
  retract(): void;
  /**
   * Shows the forced calls, which could not be shown before they were whole; false when there was no structured output.
   */
  completeStructured(): boolean;
  /** The tool call that carries the structured output, to tell its check's result from others. */
  readonly structuredId: string;
  /** False once text was left out. */
  readonly isFaithful: boolean;
  /** True while the message has neither a tool call nor text other than white space. */
  readonly isBlank: boolean;
  /** True once the message calls a tool, whoever's. */
  readonly isCalling: boolean;
}

/** The structured output of one turn: the input of the call that carries it. */
interface StructuredOutput {
  /** The id of the call; empty before there is one. */
  readonly id: string;
  /** A call begins: gives the sink for its input. */
  begin(id: string): Sink;
  /** Forgets the input: it did not fit, or its message broke off. */
  retract(): void;
  /** Shows what could not be shown before it was whole; false when there is no input. */
  complete(): boolean;
}

function createStructuredOutput(form: Structured, draft: Draft): StructuredOutput {
  let id = "";
  let json = "";
  return {
    get id() {
      return id;
    },
    begin(next) {
      id = next;
      json = "";
      const gather: Sink = (delta) => void (json += delta);
      if (form.type === "calls") return gather;
      const show = form.type === "json" ? draft.text : draft.call(toCallId(id), form.name);
      return (delta) => {
        gather(delta);
        show(delta);
      };
    },
    retract: () => void (json = ""),
    complete() {
      if (json === "" || form.type !== "calls") return json !== "";
      for (const [at, { name, input }] of toForcedCalls(parseJson(json)).entries()) {
        draft.call(toCallId(`${id}${at}`), name)(JSON.stringify(input));
      }
      return true;
    },
  };
}

/** Makes the blocks of one turn. */
export function createBlocks({ structured, tools, servers, readServers, draft }: BlocksOptions): Blocks {
  const output = structured && createStructuredOutput(structured, draft);
  let sinks = new Map<number, Sink>();
  let isFaithful = true;
  let isBlank = true;
  let isCalling = false;

  function toSink({ block, id, name, data }: ApiEvent & { type: "block_start" }): Sink | undefined {
    if (block === "thinking") return draft.thinking;
    if (block === "redacted_thinking" && data !== undefined) draft.redacted(data);
    if (block === "text" && !output) return draft.text;
    // Beside a structured answer, text is the model thinking aloud; the client asked for the structure alone.
    if (block === "text") isFaithful = false;
    if (block !== "tool_use") return undefined;
    if (output && name === STRUCTURED_TOOL) return output.begin(id);
    const tool = toServerTool(name, readServers());
    if (tool && servers.has(tool.server)) return draft.mcpCall({ ...tool, id });
    // A tool that does not exist is answered by the CLI itself; the client sees nothing of it.
    const clientName = toClientName(name) ?? "";
    return tools.has(clientName) ? draft.call(toCallId(id), clientName) : undefined;
  }

  return {
    reset() {
      sinks = new Map();
      isBlank = true;
      isCalling = false;
    },
    read(event) {
      if (event.type === "block_start") {
        const sink = toSink(event);
        if (sink) sinks.set(event.index, sink);
        if (event.block === "tool_use") {
          isBlank = false;
          isCalling = true;
        }
      } else if (event.type === "signature") draft.signature(event.text);
      else if ("text" in event) {
        sinks.get(event.index)?.(event.text);
        if (isBlank && event.type === "text") isBlank = event.text.trim() === "";
      }
    },
    retract: () => output?.retract(),
    completeStructured: () => output?.complete() ?? false,
    get structuredId() {
      return output?.id ?? "";
    },
    get isFaithful() {
      return isFaithful;
    },
    get isBlank() {
      return isBlank;
    },
    get isCalling() {
      return isCalling;
    },
  };
}
