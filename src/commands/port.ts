/** Finds out whether the server's port is free, and which program has it if not. */
import { tmpdir } from "node:os";
import { runCommand } from "../cli/process/process.ts";
import type { Config } from "../config/config.ts";
import { toApiKey } from "../core/key.ts";
import { KEY_REFUSAL } from "../http/auth.ts";
import { listen } from "../http/server.ts";
import { askJson } from "../http/ask.ts";
import { formatAddress, toSocketPath } from "../lib/address.ts";
import type { Address } from "../lib/address.ts";
import { isObject } from "../lib/json.ts";

/** A server of ours. */
export type ServerState =
  | { readonly type: "ours"; readonly version: string }
  /** It takes none of the keys that are known. */
  | { readonly type: "locked" };

/** State of the server's port. */
export type PortState =
  | { readonly type: "free" }
  | ServerState
  | { readonly type: "taken"; readonly holder: string | undefined }
  | { readonly type: "refused"; readonly code: string };

/** The meaning of a system's error for an address. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "this user may not listen there",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "its name cannot be looked up",
  EAI_AGAIN: "its name cannot be looked up",
};

/** An address that cannot be listened on, with the reason, in words for a sentence. */
export function toRefusal(code: string, address: Address): string {
  // Node says EACCES of a missing folder too.
  const isFolder = code === "EACCES" && toSocketPath(address.host) !== undefined;
  const why = isFolder ? "its folder is not there, or not yours" : (REFUSALS[code] ?? code);
  return `${formatAddress(address)} cannot be used: ${why}`;
}

const HEALTH_PATIENCE_MS = 5000;
const LIST_PATIENCE_MS = 5000;

/** The address at which this machine reaches the server that a configuration describes. */
export function toLocalAddress({ host, port }: Address): Address {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return { host: host === "::" ? "::1" : host, port };
}

/** The same as a client writes it. */
export function toLocalUrl(address: Address): string {
  const words = formatAddress(toLocalAddress(address));
  return toSocketPath(address.host) === undefined ? `http://${words}` : words;
}

/** True for a server of ours that wants another key, or any. */
export function isKeyRefusal(body: unknown): boolean {
  const error = isObject(body) ? body["error"] : undefined;
  return isObject(error) && typeof error["message"] === "string" && error["message"].startsWith(KEY_REFUSAL);
}

async function askOnce(address: Address, apiKey: string | undefined): Promise<unknown> {
  try {
    const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    return await askJson(address, { path: "/health", headers, patienceMs: HEALTH_PATIENCE_MS });
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The server of ours that answers at an address, asked with each of the keys; undefined when there is none. */
export async function askServer(address: Address, apiKeys: readonly string[]): Promise<ServerState | undefined> {
  let isLocked = false;
  for (const key of apiKeys.length === 0 ? [undefined] : apiKeys.map((text) => toApiKey(text).key)) {
    const body = await askOnce(toLocalAddress(address), key);
    if (isObject(body) && body["provider"] === "claude-code-cli" && typeof body["version"] === "string")
      return { type: "ours", version: body["version"] };
    isLocked ||= isKeyRefusal(body);
  }
  return isLocked ? { type: "locked" } : undefined;
}

/** Reads what `lsof -F pc` or `ss -Hltnp` prints: the first program named, with its pid. */
export function readHolder(text: string): string | undefined {
  const [, pid, name] = /^p(\d+)\nc(.+)$/m.exec(text) ?? [];
  if (pid !== undefined && name !== undefined) return `${name} (pid ${pid})`;
  const [, program, number] = /\(\("([^"]+)",pid=(\d+)/.exec(text) ?? [];
  return program !== undefined && number !== undefined ? `${program} (pid ${number})` : undefined;
}

async function findHolder({ host, port }: Address, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = toSocketPath(host);
  const lists =
    path === undefined
      ? [
          { file: "lsof", args: ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"] },
          { file: "ss", args: ["-Hltnp", "sport", "=", `:${port}`] },
        ]
      : [
          { file: "lsof", args: ["-Fpc", path] },
          { file: "ss", args: ["-Hlxp", "src", path] },
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
  if (config.port === 0 && toSocketPath(config.host) === undefined) return { type: "free" };
  try {
    const listener = await listen((_request, response) => void response.destroy(), config.host, config.port);
    await listener.drain();
    return { type: "free" };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code !== "EADDRINUSE") return { type: "refused", code };
    const state = await askServer(config, config.apiKeys);
    return state ?? { type: "taken", holder: await findHolder(config, config.environment) };
  }
}
