/** `tools` and `tool_choice` of the Messages form: custom tools, the server's web search, and MCP servers. */
import type { AskedServer } from "../codec.ts";
import { createFields, toBoolean, toFields, toListOf, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { MOST_TOOLS, toNamedChoice, toPlainChoice, toSearchChoice, toTools } from "../tool.ts";
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

/** Paths of a search's limits: the CLI's search has none, so that they are ignored. */
function listSearchLimits(search: Fields): string[] {
  search.accept("name", "cache_control");
  return search.unread();
}

/** Tools of the API's own that cannot be had are left out, and named. */
const toOffered: Reader<Offered> = (value, path) => {
  const found = toList(value, path).map((tool) => ({ tool, kind: toKind(tool) }));
  const toTaken = (kind: ToolKind): Fields[] => found.filter((held) => held.kind === kind).map(({ tool }) => tool);
  const searches = toTaken("search");
  return {
    tools: toTools(toTaken("custom"), "input_schema", LONGEST_NAME),
    toolChoice: "auto",
    webSearch: searches.length > 0,
    toolsets: toTaken("toolset"),
    ignored: [...toTaken("other").map((tool) => tool.path), ...searches.flatMap(listSearchLimits)],
  };
};

const toType = toOneOf(["auto", "any", "tool", "none"]);

/** The one name that the API gives its search. */
const SEARCH_NAME = "web_search";

/** The choice names the search, and no tool of the client's. */
function isSearchChoice({ tools, webSearch }: Offered, { object }: Fields): boolean {
  return webSearch && object["name"] === SEARCH_NAME && tools.every(({ name }) => name !== SEARCH_NAME);
}

function readSelection(offered: Offered, choice: Fields): ToolSelection {
  const { tools, webSearch } = offered;
  const path = choice.pathOf("type");
  switch (choice.required("type", toType)) {
    case "auto":
      return toPlainChoice(tools, "auto", path);
    case "any":
      return toPlainChoice(tools, "required", path, webSearch);
    case "none":
      return toPlainChoice(tools, "none", path);
    case "tool":
      return isSearchChoice(offered, choice) ? toSearchChoice(tools) : toNamedChoice(tools, choice);
  }
}

/** Reads what the model may call. MCP servers that are not taken are named as ignored, like their toolsets. */
export function readTools(body: Fields, takesServers: boolean): MessagesTools {
  const offered = body.optional("tools", toOffered) ?? NONE;
  const choice = body.optional("tool_choice", toFields) ?? createFields({ type: "auto" }, "tool_choice");
  const isSingle = choice.optional("disable_parallel_tool_use", toBoolean) ?? false;
  const named = takesServers ? readServers(body, offered.toolsets) : undefined;
  const isNone = choice.object["type"] === "none";
  const selection = readSelection(offered, choice);
  return {
    ...selection,
    webSearch: offered.webSearch && !isNone,
    parallelCalls: !isSingle,
    servers: isNone ? [] : (named?.servers ?? []),
    ignored: [
      ...offered.ignored,
      ...(named?.ignored ?? offered.toolsets.map(({ path }) => path)),
      ...(selection.isUnforced ? [choice.path] : []),
    ],
  };
}
