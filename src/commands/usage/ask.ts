/** Asks the server that a configuration describes for its `/usage`. */
import type { Config } from "../../config/config.ts";
import { toApiKey } from "../../core/key.ts";
import { askJson } from "../../http/ask.ts";
import { formatAddress } from "../../lib/address.ts";
import { isObject } from "../../lib/json.ts";
import type { Usage } from "../../meter/usage.ts";
import { isKeyRefusal, toLocalAddress } from "../port.ts";

/** The server's answer, or the reason for which there is none; `isLocked` says that it asks for its key. */
export type UsageAnswer = { readonly usage: Usage } | { readonly problem: string; readonly isLocked?: true };

const PATIENCE_MS = 5000;

/** True for what this program's own server answers: its parts are then as `Usage` says. */
function isUsage(body: unknown): body is Usage {
  return isObject(body) && "plan" in body && isObject(body["server"]) && Array.isArray(body["days"]);
}

function toProblem(body: unknown, where: string): UsageAnswer {
  if (isKeyRefusal(body)) {
    const problem = `Cannot read usage: the server at ${where} asks for its key. Set CLAUDE_MAX_API_API_KEY`;
    return { problem, isLocked: true };
  }
  const error = isObject(body) ? body["error"] : undefined;
  if (isObject(error) && typeof error["message"] === "string")
    return { problem: `Cannot read usage: ${error["message"]}` };
  return { problem: `Cannot read usage: another program answers at ${where}, or another release of this one` };
}

/** Asks with each of the keys until one fits. Never rejects but for a defect. */
export async function askUsage({ host, port, apiKeys }: Config): Promise<UsageAnswer> {
  const address = toLocalAddress({ host, port });
  const where = formatAddress(address);
  let body: unknown;
  try {
    for (const key of apiKeys.length === 0 ? [undefined] : apiKeys.map((text) => toApiKey(text).key)) {
      const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
      body = await askJson(address, { path: "/usage", headers, patienceMs: PATIENCE_MS });
      if (isUsage(body)) return { usage: body };
    }
    return toProblem(body, where);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { problem: `No server answers at ${where}. Start it with claude-max-api, or name another with --port` };
  }
}
