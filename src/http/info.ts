/** `/health` and `/v1/models`: answers that need no turn. */
import type { InstallationStatus } from "../cli/install/installation.ts";
import { listModels, toAnthropicModel } from "../codec/messages/list.ts";
import type { Start } from "../core/start.ts";
import { toUntagged } from "../core/model.ts";
import type { ModelInfo, Models } from "../core/model.ts";
import type { Totals } from "../meter/totals.ts";
import type { McpServerUsage } from "../meter/usage.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

/** CLI processes and turns at this moment. */
export interface SessionCounts {
  /** Processes of conversations, those that run a turn included. */
  readonly live: number;
  /** Turns that run. */
  readonly busy: number;
  /** Processes without a conversation. */
  readonly spare: number;
  /** Turns that wait for a place. */
  readonly queued: number;
}

/** Turns since the server started, by how they began, and what their input cost. */
export interface TurnCounts extends Readonly<Record<Start, number>> {
  /** Those whose process had to be told the history, however they began. */
  readonly replayed: number;
  /** Part of their input that was read from the prompt cache, 0 to 1; null before there was any. */
  readonly cached_input: number | null;
}

/** Makes them of the meter's totals. */
export function toTurnCounts({ starts, tokens }: Pick<Totals, "starts" | "tokens">, replayed: number): TurnCounts {
  const input = tokens.input + tokens.cached;
  return { ...starts, replayed, cached_input: input === 0 ? null : tokens.cached / input };
}

/** Gives the owner's MCP servers, without secrets; none where there are none. */
export type ReadMcpServers = () => readonly McpServerUsage[];

/** The sources of what is told. */
export interface InfoOptions {
  readonly version: string;
  readonly models: Models;
  readonly status: () => Promise<InstallationStatus>;
  readonly counts: () => SessionCounts;
  readonly turns: () => TurnCounts;
  /** The sentence for a login that is missing or refused. */
  readonly loginSentence: string;
  readonly readMcpServers: ReadMcpServers;
}

/** The handlers of these endpoints. */
export interface Info {
  /** 200, or 503 with the reason while no turn can be served. */
  health(exchange: Exchange): Promise<void>;
  /** Every model that can be asked for by name. */
  listModels(exchange: Exchange): void;
  /** @throws ProxyError `model_not_found`. */
  showModel(exchange: Exchange, id: string): void;
}

/** The reason that no turn can be served now; undefined when turns can. */
export function toReason({ problem, login }: InstallationStatus, loginSentence: string): string | undefined {
  if (problem) return problem.message;
  return login?.isLoggedIn === false ? loginSentence : undefined;
}

/** True for a client of Anthropic's API: all of them name its version, and want its form of a list. */
export const isAnthropic = ({ request }: Pick<Exchange, "request">): boolean =>
  request.headers["anthropic-version"] !== undefined;

/** Kinds of content that every model of Claude takes. */
const INPUT = ["text", "image", "pdf"] as const;

/** The limits by the names that clients look for; none while they are not known. */
function toLimitFields({ limits }: ModelInfo): object {
  if (limits === undefined) return {};
  const { contextTokens, outputTokens } = limits;
  return { context_length: contextTokens, context_window: contextTokens, max_output_tokens: outputTokens };
}

/** Makes the handlers. */
export function createInfo(options: InfoOptions): Info {
  const { version, models, status, counts, turns, loginSentence, readMcpServers } = options;
  const startedAtSeconds = Math.floor(Date.now() / 1000);
  const toModel = (model: ModelInfo): object => ({
    id: model.id,
    object: "model",
    created: startedAtSeconds,
    owned_by: "anthropic",
    display_name: model.name,
    input: INPUT,
    ...toLimitFields(model),
  });

  /** One that is not listed, but can be asked for. */
  const toPinned = (id: string): ModelInfo => {
    const { id: name } = models.resolve(id);
    const limits = models.findLimits(name);
    return { id, name, ...(limits ? { limits } : {}) };
  };

  return {
    async health(exchange) {
      const found = await status();
      const reason = toReason(found, loginSentence);
      const servers = readMcpServers();
      sendJson(exchange, reason === undefined ? 200 : 503, {
        status: reason === undefined ? "ok" : "unavailable",
        ...(reason === undefined ? {} : { reason }),
        version,
        provider: "claude-code-cli",
        timestamp: new Date().toISOString(),
        uptime_seconds: Math.floor(Date.now() / 1000) - startedAtSeconds,
        claude: { path: found.path ?? null, version: found.version ?? null },
        auth: { logged_in: found.login?.isLoggedIn ?? null, method: found.login?.method ?? null },
        sessions: counts(),
        turns: turns(),
        ...(servers.length === 0 ? {} : { mcp_servers: servers }),
      });
    },
    listModels(exchange) {
      if (isAnthropic(exchange)) return sendJson(exchange, 200, listModels(models.list(), exchange.query));
      sendJson(exchange, 200, { object: "list", data: models.list().map(toModel) });
    },
    showModel(exchange, id) {
      const known = models.list().find((model) => model.id === toUntagged(id));
      const model = known ?? toPinned(id);
      sendJson(exchange, 200, isAnthropic(exchange) ? toAnthropicModel(model) : toModel(model));
    },
  };
}
