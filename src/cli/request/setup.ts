/** A turn in the CLI's words: content blocks, the `initialize` request, and the settings that may change between turns. */
import type { Message, Turn, UserPart, AssistantPart } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { TOOL_SERVER } from "./launch.ts";
import { toSettings, toSettingsChange } from "./setting.ts";
import type { Settings } from "./setting.ts";
import type { Structure } from "./structured.ts";
import { toServerFields } from "../protocol/toolserver.ts";

function toUserBlock(part: UserPart): JsonObject {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return part.source.type === "url"
        ? { type: "image", source: { type: "url", url: part.source.url } }
        : { type: "image", source: { type: "base64", media_type: part.source.mediaType, data: part.source.data } };
    case "document": {
      const source =
        part.source.type === "text"
          ? { type: "text", media_type: "text/plain", data: part.source.text }
          : { type: "base64", media_type: part.source.mediaType, data: part.source.data };
      return { type: "document", source, ...(part.title === undefined ? {} : { title: part.title }) };
    }
    case "result":
      return {
        type: "tool_result",
        tool_use_id: part.id,
        content: part.content.map(toUserBlock),
        ...(part.isError ? { is_error: true } : {}),
      };
  }
}

function toAssistantBlock(part: AssistantPart): JsonObject {
  return part.type === "text"
    ? { type: "text", text: part.text }
    : { type: "tool_use", id: part.id, name: `mcp__${TOOL_SERVER}__${part.name}`, input: part.input };
}

/** A message's content as the Messages API takes it: a plain text as a string, everything else as blocks. */
export function toContent(message: Message): string | JsonObject[] {
  if (message.role === "assistant") return message.content.map(toAssistantBlock);
  const [first] = message.content;
  return message.content.length === 1 && first?.type === "text" ? first.text : message.content.map(toUserBlock);
}

/** The line that starts a turn. `client_composed` makes the text data: without it commands run and @mentions read files. */
export function toUserLine(message: Message): JsonObject {
  return {
    type: "user",
    message: { role: "user", content: toContent(message) },
    parent_tool_use_id: null,
    session_id: "",
    client_composed: true,
  };
}

/** A prompt that begins like the CLI's own first block would be taken for it, and replace it: a line break keeps it text. */
const CLI_OWN_MARK = "x-anthropic-billing-header:";

/** The request that opens a process for a conversation. Only the first one in a process counts. */
function toInitialize(turn: Turn, structure: Structure | undefined): JsonObject {
  return {
    subtype: "initialize",
    // An empty text means no system prompt at all; without the field the CLI sends 7 kB of its own.
    systemPrompt: [turn.system.startsWith(CLI_OWN_MARK) ? `\n${turn.system}` : turn.system],
    // A forced choice goes through structured output alone: beside it, the tools themselves could be called instead.
    ...(structure && structure.type !== "json" ? {} : toServerFields(turn.tools)),
    ...(structure ? { jsonSchema: structure.schema } : {}),
  };
}

/** What a process has been told before this turn. */
export interface Known {
  /** False until its first turn has opened it. */
  readonly isOpened: boolean;
  /** True when it was started with its model and must not be told again: that would leave words in the prompt. */
  readonly hasModel: boolean;
  readonly settings: Settings;
}

/** The control requests that go before a turn, in order. None, most often, once a process is opened. */
export function toSetUp(turn: Turn, model: string, structure: Structure | undefined, known: Known): JsonObject[] {
  const requests: JsonObject[] = [];
  if (!known.isOpened) requests.push(toInitialize(turn, structure));
  if (!known.isOpened && !known.hasModel) requests.push({ subtype: "set_model", model });
  return [...requests, ...toSettingsChange(known.settings, toSettings(turn))];
}
