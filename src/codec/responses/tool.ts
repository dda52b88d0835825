/** `tools` and `tool_choice` of the Responses form: flat functions, the hosted web search, and MCP servers. */
import type { JsonObject } from "../../lib/json.ts";
import type { AskedServer } from "../codec.ts";
import { refuse, toBoolean, toFields, toListOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { isSearchType, listSearchLimits } from "../openai/search.ts";
import { toChoice } from "../openai/tool.ts";
import type { ChoiceForm } from "../openai/tool.ts";
import { checkServers, toAskedServer, toHeaders, toServerName, toToken, toToolNames } from "../server.ts";
import { MOST_TOOLS, toTools } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

/** A Responses request's tools and its choice among them. */
export interface ResponsesTools extends ToolSelection {
  readonly webSearch: boolean;
  /** The MCP servers that are named, where they are taken. */
  readonly servers: readonly AskedServer[];
  /** The tools that are offered, as the response repeats them. */
  readonly repeated: readonly JsonObject[];
  /** Paths of tools that cannot be had. */
  readonly ignored: readonly string[];
}

const CHOICE: ChoiceForm = { toNamed: (holder) => holder, toAllowed: (choice) => choice };
const NONE: ResponsesTools = {
  tools: [],
  toolChoice: "auto",
  webSearch: false,
  servers: [],
  repeated: [],
  ignored: [],
};

type ToolKind = "function" | "search" | "mcp" | "other";

/** Search from an index alone is not to be had. */
function isWebSearch({ object }: Fields): boolean {
  return isSearchType(object["type"]) && object["external_web_access"] !== false;
}

function toKind(tool: Fields, takesServers: boolean): ToolKind {
  const type = tool.required("type", toText);
  if (type === "function") return "function";
  if (type === "mcp" && takesServers) return "mcp";
  return isWebSearch(tool) ? "search" : "other";
}

/** A list of names, or a filter that holds one. */
const toAllowedTools: Reader<readonly string[] | undefined> = (value, path) => {
  if (Array.isArray(value)) return toToolNames(value, path);
  const filter = toFields(value, path);
  if (filter.optional("read_only", toBoolean)) refuse(filter.pathOf("read_only"), "tools can be chosen by name alone");
  return filter.optional("tool_names", toToolNames);
};

/** Clients that ask a person first would be told of calls that were made already. */
const checkApproval: Reader<void> = (value, path) => {
  if (value !== "never")
    refuse(path, 'expected "never": nobody is asked here before a call is made, and without the field all calls ask');
};

function toServer(tool: Fields): AskedServer {
  tool.refuse("connector_id", "connectors are not had here: send the server_url of an MCP server");
  tool.refuse("tunnel_id", "tunnels are not had here: send the server_url of an MCP server");
  const name = tool.required("server_label", toServerName);
  tool.required("require_approval", checkApproval);
  const allowedTools = tool.optional("allowed_tools", toAllowedTools);
  const headers = tool.optional("headers", toHeaders);
  const token = tool.optional("authorization", toToken);
  return toAskedServer(tool, "server_url", { name, headers, token, ...(allowedTools ? { allowedTools } : {}) });
}

/** Fields of hosted tools that are repeated. Any others would be sent back in every event that has the response. */
const SEARCH_FIELDS = [
  "type",
  "external_web_access",
  "filters",
  "search_content_types",
  "search_context_size",
  "user_location",
];
const SERVER_FIELDS = ["type", "server_label", "server_description", "allowed_tools", "require_approval"];

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}

/** Leaves out all that may be secret, as OpenAI does: headers, token, and the address but for its origin. */
function toRepeatedServer({ object }: Fields): JsonObject {
  const { origin } = new URL(String(object["server_url"]));
  return { ...pick(object, SERVER_FIELDS), server_url: `${origin}/<redacted>`, headers: null };
}

function toRepeated(tool: Fields, kind: ToolKind): JsonObject {
  const { object } = tool;
  if (kind === "mcp") return toRepeatedServer(tool);
  if (kind !== "function") return pick(object, SEARCH_FIELDS);
  const { name, description = null, parameters = null, strict } = object;
  return { type: "function", name, description, parameters, strict: strict === true };
}

const toList = toListOf(MOST_TOOLS, toFields);

/** Clients offer hosted tools to any server; those that cannot be had are left out, and named. */
const toOffered =
  (takesServers: boolean): Reader<ResponsesTools> =>
  (value, path) => {
    const found = toList(value, path).map((tool) => ({ tool, kind: toKind(tool, takesServers) }));
    const toTaken = (kind: ToolKind): Fields[] => found.filter((held) => held.kind === kind).map(({ tool }) => tool);
    const [named, searches] = [toTaken("mcp"), toTaken("search")];
    const servers = named.map(toServer);
    checkServers(servers, path);
    return {
      tools: toTools(toTaken("function"), "parameters"),
      toolChoice: "auto",
      webSearch: searches.length > 0,
      servers,
      repeated: found.filter(({ kind }) => kind !== "other").map(({ tool, kind }) => toRepeated(tool, kind)),
      ignored: [
        ...toTaken("other").map((tool) => tool.path),
        ...named.flatMap((tool) => tool.unread()),
        ...searches.flatMap(listSearchLimits),
      ],
    };
  };

/** Reads what the model may call. */
export function readTools(body: Fields, takesServers: boolean): ResponsesTools {
  const offered = body.optional("tools", toOffered(takesServers)) ?? NONE;
  const selection = body.optional("tool_choice", toChoice(offered, CHOICE));
  const isNone = body.object["tool_choice"] === "none";
  const servers = isNone ? [] : offered.servers;
  const ignored = [...offered.ignored, ...(selection?.isUnforced ? [body.pathOf("tool_choice")] : [])];
  return { ...offered, ...selection, servers, webSearch: offered.webSearch && !isNone, ignored };
}
