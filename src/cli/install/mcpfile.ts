/** Files of MCP servers in the CLI's own format: `{"mcpServers": {NAME: {...}}}`. */
import { readFile } from "node:fs/promises";
import { isMcpName } from "../../core/mcp.ts";
import type { McpServer } from "../../core/mcp.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

/** Transports that need no program of the CLI's own, and the field each must have. */
const REQUIRED: Readonly<Record<string, string>> = { stdio: "command", http: "url", sse: "url" };
const VARIABLE = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;
/** The fields in which the CLI puts a variable's value for `${NAME}` when it reads a file itself. */
const EXPANDED = ["command", "args", "env", "url", "headers"];

function expand(value: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (Array.isArray(value)) return value.map((held) => expand(held, environment));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, expand(held, environment)]));
  if (typeof value !== "string") return value;
  return value.replace(VARIABLE, (_, name: string, usual: string | undefined) => {
    const text = environment[name] ?? usual;
    if (text === undefined) throw new Error(`the variable ${name} is not set`);
    return text;
  });
}

const isTextList = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((held) => typeof held === "string"));
const isTextMap = (value: unknown): boolean =>
  value === undefined || (isObject(value) && Object.values(value).every((held) => typeof held === "string"));

/** Checks what the CLI itself does not: it answers a wrong field with words of its own code. */
function toServer(name: string, given: unknown, environment: NodeJS.ProcessEnv): McpServer {
  if (!isMcpName(name))
    throw new Error(
      `${name.slice(0, 80)} is no name for a server here: letters, digits, - and single _, not client, none`,
    );
  if (!isObject(given)) throw new Error(`${name} is not an object`);
  const { type = "stdio", command, args, env, headers } = given;
  const field = typeof type === "string" ? REQUIRED[type] : undefined;
  if (field === undefined) throw new Error(`${name} has a type other than ${Object.keys(REQUIRED).join(", ")}`);
  if (typeof given[field] !== "string" || given[field] === "") throw new Error(`${name} has no ${field}`);
  if (!isTextList(args)) throw new Error(`${name}.args is not a list of texts`);
  if (!isTextMap(env) || !isTextMap(headers))
    throw new Error(`${name}.${command === undefined ? "headers" : "env"} does not hold texts alone`);
  const config: JsonObject = Object.fromEntries(
    Object.entries({ ...given, type }).map(([key, held]) => [
      key,
      EXPANDED.includes(key) ? expand(held, environment) : held,
    ]),
  );
  return { name, config };
}

async function readServers(path: string, environment: NodeJS.ProcessEnv): Promise<McpServer[]> {
  const text = await readFile(path, "utf8");
  const file = parseJson(text);
  const servers = isObject(file) ? file["mcpServers"] : undefined;
  if (!isObject(servers)) throw new Error('it is not JSON of the form {"mcpServers": {...}}');
  return Object.entries(servers).map(([name, given]) => toServer(name, given, environment));
}

/**
 * Reads the servers of all files. Of two with one name the later one counts. `${NAME}` and `${NAME:-default}` stand for
 * variables, as in the CLI. @throws Error, one sentence that names the file.
 */
export async function readMcpFiles(
  paths: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<readonly McpServer[]> {
  const servers = new Map<string, McpServer>();
  for (const path of paths) {
    try {
      for (const server of await readServers(path, environment)) servers.set(server.name, server);
    } catch (error) {
      const cause = error instanceof Error ? error.message : "it cannot be read";
      throw new Error(`Cannot use --mcp-config ${path}: ${cause}`, { cause: error });
    }
  }
  return [...servers.values()];
}
