/** Whether the server's port can be had, and who has it if not. */
import { tmpdir } from "node:os";
import { runCommand } from "../cli/process/process.ts";
import type { Config } from "../config/config.ts";
import { listen } from "../http/server.ts";
import { isObject } from "../lib/json.ts";

export type PortState =
  | { readonly type: "free" }
  /** A server of ours answers there, and this is its version. */
  | { readonly type: "ours"; readonly version: string }
  | { readonly type: "taken"; readonly holder: string | undefined }
  | { readonly type: "refused"; readonly code: string };

const HEALTH_PATIENCE_MS = 3000;
const LIST_PATIENCE_MS = 5000;

/** Where this machine reaches the server that a configuration describes. */
export function toLocalUrl({ host, port }: Pick<Config, "host" | "port">): string {
  if (host === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function askOnce(url: string, apiKey: string | undefined): Promise<string | undefined> {
  // A timer of our own: that of AbortSignal.timeout lets the process end, and a fetch whose peer hangs up at once may never settle.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), HEALTH_PATIENCE_MS);
  try {
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${url}/health`, { headers, signal: patience.signal });
    const body: unknown = await response.json();
    return isObject(body) && body["provider"] === "claude-code-cli" && typeof body["version"] === "string"
      ? body["version"]
      : undefined;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The version of the server of ours that answers at a URL and takes one of the keys, if there is one. */
export async function askHealth(url: string, apiKeys: readonly string[]): Promise<string | undefined> {
  for (const key of apiKeys.length === 0 ? [undefined] : apiKeys) {
    const version = await askOnce(url, key);
    if (version !== undefined) return version;
  }
  return undefined;
}

/** Reads what `lsof -F pc` or `ss -Hltnp` prints: the first program named, with its pid. */
export function readHolder(text: string): string | undefined {
  const [, pid, name] = /^p(\d+)\nc(.+)$/m.exec(text) ?? [];
  if (pid !== undefined && name !== undefined) return `${name} (pid ${pid})`;
  const [, program, number] = /\(\("([^"]+)",pid=(\d+)/.exec(text) ?? [];
  return program !== undefined && number !== undefined ? `${program} (pid ${number})` : undefined;
}

async function findHolder(port: number, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const lists = [
    { file: "lsof", args: ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"] },
    { file: "ss", args: ["-Hltnp", "sport", "=", `:${port}`] },
  ];
  for (const list of lists) {
    const { stdout } = await runCommand({ ...list, cwd: tmpdir(), env }, LIST_PATIENCE_MS);
    const holder = readHolder(stdout);
    if (holder !== undefined) return holder;
  }
  return undefined;
}

/** Tries the port. Nothing is served meanwhile, and it is free again afterwards. */
export async function askPort(config: Config): Promise<PortState> {
  if (config.port === 0) return { type: "free" };
  try {
    const listener = await listen((_request, response) => void response.destroy(), config.host, config.port);
    await listener.drain();
    return { type: "free" };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code !== "EADDRINUSE") return { type: "refused", code };
    const version = await askHealth(toLocalUrl(config), config.apiKeys);
    return version === undefined
      ? { type: "taken", holder: await findHolder(config.port, config.environment) }
      : { type: "ours", version };
  }
}
