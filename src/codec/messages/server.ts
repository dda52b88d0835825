/** `mcp_servers` of the Messages form, and the toolsets among `tools` that choose their tools. */
import type { McpServer } from "../../core/mcp.ts";
import type { AskedServer } from "../codec.ts";
import { refuse, toBoolean, toFields, toListOf, toObject, toOneOf } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { checkServers, MOST_SERVERS, toAskedServer, toServerName, toToken, toToolNames } from "../server.ts";

/** The servers of a request, and the paths of what was asked of them and cannot be honoured. */
export interface MessagesServers {
  readonly servers: readonly AskedServer[];
  readonly ignored: readonly string[];
}

/** The tools of a server that are chosen; all without either list. */
type Choice = Pick<McpServer, "allowedTools" | "deniedTools">;

/** A choice of tools, or undefined where the server is switched off. */
type Chosen = Choice | undefined;

const ALL: Choice = {};
const toType = toOneOf(["url"]);

/** The older form: a list of tools in the server itself. */
const toConfiguration: Reader<{ readonly chosen: Chosen }> = (value, path) => {
  const configuration = toFields(value, path);
  if (configuration.optional("enabled", toBoolean) === false) return { chosen: undefined };
  const allowedTools = configuration.optional("allowed_tools", toToolNames);
  return { chosen: allowedTools ? { allowedTools } : ALL };
};

/** The settings that differ from the default, each with the name of its tool. */
const toConfigs: Reader<readonly (readonly [name: string, config: Fields])[]> = (value, path) =>
  Object.entries(toObject(value, path)).map(([name, held]) => [name, toFields(held, `${path}.${name.slice(0, 64)}`)]);

/** The newer form: a default for all tools of a server, and what differs from it. */
function readToolset(toolset: Fields): { readonly choice: Choice; readonly unread: string[] } {
  const usual = toolset.optional("default_config", toFields);
  const configs = toolset.optional("configs", toConfigs) ?? [];
  const isOn = usual?.optional("enabled", toBoolean) ?? true;
  const odd = configs.flatMap(([name, config]) =>
    (config.optional("enabled", toBoolean) ?? isOn) === isOn ? [] : [name],
  );
  toolset.accept("type", "cache_control");
  const unread = [toolset, ...(usual ? [usual] : []), ...configs.map(([, config]) => config)].flatMap((fields) =>
    fields.unread(),
  );
  if (!isOn) return { choice: { allowedTools: odd }, unread };
  return { choice: odd.length === 0 ? ALL : { deniedTools: odd }, unread };
}

/** The toolsets by the names of their servers. */
function readToolsets(toolsets: readonly Fields[]): {
  readonly choices: Map<string, Choice>;
  readonly unread: string[];
} {
  const choices = new Map<string, Choice>();
  const all: string[] = [];
  for (const toolset of toolsets) {
    const name = toolset.required("mcp_server_name", toServerName);
    if (choices.has(name)) refuse(toolset.pathOf("mcp_server_name"), `another toolset is of ${name}`);
    const { choice, unread } = readToolset(toolset);
    choices.set(name, choice);
    all.push(...unread);
  }
  return { choices, unread: all };
}

const toServerList = toListOf(MOST_SERVERS, toFields);

/** Reads the servers; `toolsets` are those among the tools. A server without a toolset has all of its tools. */
export function readServers(body: Fields, toolsets: readonly Fields[]): MessagesServers {
  const { choices, unread } = readToolsets(toolsets);
  const listed = body.optional("mcp_servers", toServerList) ?? [];
  const servers = listed.flatMap((fields) => {
    fields.required("type", toType);
    const name = fields.required("name", toServerName);
    const token = fields.optional("authorization_token", toToken);
    const { chosen } = fields.optional("tool_configuration", toConfiguration) ?? { chosen: ALL };
    const asked = toAskedServer(fields, "url", { name, token, ...chosen, ...choices.get(name) });
    return chosen ? [asked] : [];
  });
  checkServers(servers, body.pathOf("mcp_servers"));
  const names = new Set(listed.map(({ object }) => object["name"]));
  for (const toolset of toolsets) {
    const { mcp_server_name: name } = toolset.object;
    if (!names.has(name)) refuse(toolset.pathOf("mcp_server_name"), "no server of mcp_servers has this name");
  }
  return { servers, ignored: [...unread, ...listed.flatMap((fields) => fields.unread())] };
}
