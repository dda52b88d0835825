/** `tools` and `tool_choice` of the Messages form: custom tools, the server's web search, and MCP servers. */
import type { AskedServer } from "../codec.ts";
import { createFields, toBoolean, toFields, toListOf, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { MOST_TOOLS, toNamedChoice, toPlainChoice, toTools } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";
import { readServers } from "./server.ts";

/** A Messages request's tools and its choice among them. */
export interface MessagesTools extends ToolSelection {
  readonly webSearch: boolean;
  readonly parallelCalls: boolean;
  /** The MCP servers that are named, where they are taken. */
  readonly servers: readonly AskedServer[];
  /** Paths of tools that cannot be had. */
  readonly ignored: readonly string[];
}

/** The API takes 128; the CLI puts the name of its tool server before it. */
const LONGEST_NAME = 110;

interface Offered extends ToolSelection {
  readonly webSearch: boolean;
  /** The choices of MCP servers' tools. */
  readonly toolsets: readonly Fields[];
  readonly ignored: readonly string[];
}

const NONE: Offered = { tools: [], toolChoice: "auto", webSearch: false, toolsets: [], ignored: [] };

type ToolKind = "custom" | "search" | "toolset" | "other";

function toKind(tool: Fields): ToolKind {
  const type = tool.optional("type", toText) ?? "custom";
  if (type === "custom") return "custom";
  if (type === "mcp_toolset") return "toolset";
  return type.startsWith("web_search_") ? "search" : "other";
}

const toList = toListOf(MOST_TOOLS, toFields);

/** Tools of the API's own that cannot be had are left out, and named. */
const toOffered: Reader<Offered> = (value, path) => {
  const found = toList(value, path).map((tool) => ({ tool, kind: toKind(tool) }));
  const toTaken = (kind: ToolKind): Fields[] => found.filter((held) => held.kind === kind).map(({ tool }) => tool);
  return {
    tools: toTools(toTaken("custom"), "input_schema", LONGEST_NAME),
    toolChoice: "auto",
    webSearch: toTaken("search").length > 0,
    toolsets: toTaken("toolset"),
    ignored: toTaken("other").map((tool) => tool.path),
  };
};

const toType = toOneOf(["auto", "any", "tool", "none"]);

function readSelection({ tools }: Offered, choice: Fields): ToolSelection {
  const path = choice.pathOf("type");
  switch (choice.required("type", toType)) {
    case "auto":
      return toPlainChoice(tools, "auto", path);
    case "any":
      return toPlainChoice(tools, "required", path);
    case "none":
      return toPlainChoice(tools, "none", path);
    case "tool":
      return toNamedChoice(tools, choice);
  }
}

/** Reads what the model may call. MCP servers that are not taken are named as ignored, like their toolsets. */
export function readTools(body: Fields, takesServers: boolean): MessagesTools {
  const offered = body.optional("tools", toOffered) ?? NONE;
  const choice = body.optional("tool_choice", toFields) ?? createFields({ type: "auto" }, "tool_choice");
  const isSingle = choice.optional("disable_parallel_tool_use", toBoolean) ?? false;
  const named = takesServers ? readServers(body, offered.toolsets) : undefined;
  const isNone = choice.object["type"] === "none";
  return {
    ...readSelection(offered, choice),
    webSearch: offered.webSearch && !isNone,
    parallelCalls: !isSingle,
    servers: isNone ? [] : (named?.servers ?? []),
    ignored: [...offered.ignored, ...(named?.ignored ?? offered.toolsets.map(({ path }) => path))],
  };
}
