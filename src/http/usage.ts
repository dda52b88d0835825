/** `/usage`, `/metrics` and the button that stops a turn: what the meter knows, beside the state of the server. */
import { toClaudeCure } from "../cli/install/cure.ts";
import { ClaudeError } from "../cli/install/find.ts";
import type { InstallationStatus } from "../cli/install/installation.ts";
import { ProxyError } from "../core/error.ts";
import type { Models } from "../core/model.ts";
import { formatMetrics, METRICS_TYPE } from "../meter/metrics.ts";
import type { Meter } from "../meter/meter.ts";
import type { Archive } from "../meter/archive.ts";
import type { ServerState, Usage } from "../meter/usage.ts";
import { endAnswer, sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { toReason } from "./info.ts";
import type { ReadMcpServers, SessionCounts } from "./info.ts";

/** Sources of what is told. */
export interface UsageOptions {
  readonly meter: Meter;
  readonly archive: Archive;
  readonly version: string;
  readonly models: Models;
  readonly status: () => Promise<InstallationStatus>;
  readonly counts: () => SessionCounts;
  /** The sentence for a login that is missing or refused. */
  readonly loginSentence: string;
  /** The command that mends such a login. */
  readonly loginCure: string;
  /** Percent of the plan kept for the user. */
  readonly planReserve: number;
  readonly extraUsage: "allow" | "stop";
  readonly readMcpServers: ReadMcpServers;
}

/** The part of `/usage` that is not the meter's. */
export type Surroundings = Pick<Usage, "server" | "plan_reason">;

/** The handlers. */
export interface UsageHandlers {
  /** With `?month=YYYY-MM` the days of that month alone. */
  show(exchange: Exchange): Promise<void>;
  showMetrics(exchange: Exchange): Promise<void>;
  /** @throws ProxyError `not_found` for a turn that is not running. */
  stopTurn(exchange: Exchange, id: string): void;
  readSurroundings(): Promise<Surroundings>;
}

const NOT_KNOWN = "The plan is not known yet: the first answer tells it";
const NO_PLAN = "The CLI uses an API key, which has no plan";
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

function toFix({ problem, login }: InstallationStatus, loginCure: string): string | null {
  if (problem) return problem instanceof ClaudeError ? toClaudeCure(problem.fault, false) : "claude-max-api doctor";
  return login?.isLoggedIn === false ? loginCure : null;
}

/** True for a login by key: the account behind it has no plan. */
function isKey({ login }: InstallationStatus): boolean {
  return login?.isLoggedIn === true && (login.keySource !== undefined || /key/i.test(login.method));
}

/** Makes the handlers. */
export function createUsage({ meter, archive, ...options }: UsageOptions): UsageHandlers {
  async function readSurroundings(): Promise<Surroundings> {
    const found = await options.status();
    const reason = toReason(found, options.loginSentence);
    const server: ServerState = {
      status: reason === undefined ? "ok" : "unavailable",
      reason: reason ?? null,
      fix: toFix(found, options.loginCure),
      version: options.version,
      claude: { path: found.path ?? null, version: found.version ?? null },
      auth: { logged_in: found.login?.isLoggedIn ?? null, method: found.login?.method ?? null },
      sessions: options.counts(),
      plan_reserve: options.planReserve,
      extra_usage: options.extraUsage,
      mcp_servers: options.readMcpServers(),
      available_models: options.models.list().map(({ id }) => id),
    };
    const why = isKey(found) ? NO_PLAN : NOT_KNOWN;
    return { server, plan_reason: meter.readPlan() ? null : why };
  }

  return {
    readSurroundings,
    async show(exchange) {
      const month = exchange.query.get("month");
      if (month === null) return sendJson(exchange, 200, { ...meter.read(), ...(await readSurroundings()) });
      if (!MONTH.test(month))
        throw new ProxyError("invalid_request", "Cannot read month: expected YYYY-MM", { param: "month" });
      sendJson(exchange, 200, { month, days: await archive.readMonth(month) });
    },
    async showMetrics({ response }) {
      const text = formatMetrics(meter, (await readSurroundings()).server);
      response.writeHead(200, { "content-type": METRICS_TYPE, "content-length": Buffer.byteLength(text) });
      endAnswer(response, text);
    },
    stopTurn(exchange, id) {
      if (!meter.stop(id)) throw new ProxyError("not_found", `Cannot stop ${id.slice(0, 40)}: no such turn is running`);
      sendJson(exchange, 200, { id, stopped: true });
    },
  };
}
