/** Judges a fact in one line, with the command that mends it. Pure. */
import { toClaudeCure } from "../../cli/install/cure.ts";
import type { ClaudeFault, Login } from "../../cli/install/find.ts";
import { isOlder, NEWEST_TESTED } from "../../cli/install/release.ts";
import type { McpServerState } from "../../core/mcp.ts";
import { formatAddress, toSocketPath } from "../../lib/address.ts";
import type { Address } from "../../lib/address.ts";
import type { PlanState, WindowState } from "../../meter/plan.ts";
import { formatPercent, formatSpan, formatWindow } from "../../page/format.ts";
import { toRefusal } from "../port.ts";
import type { PortState } from "../port.ts";

/** A CLI that takes this long to start, in milliseconds, is felt by the second of two new conversations. */
const SLOW_START_MS = 5000;

/** The states of all MCP servers, each with the file that names it, or what kept them from being loaded. */
export type ServersFact = readonly (McpServerState & InFile)[] | (Problem & Partial<InFile>);

interface InFile {
  readonly file: string;
}

/** A fact that could not be had. */
export interface Problem {
  /** One sentence. */
  readonly problem: string;
}

/** The CLI, or its fault; `canNpm` says whether npm and a Node that the CLI's package takes are there. */
export type ClaudeFact =
  | { readonly path: string; readonly version: string }
  | (Problem & { readonly fault: ClaudeFault | undefined; readonly canNpm: boolean });

/** The time from a CLI's start to its first answer; `isOnline` is asked when that was long, or did not come. */
export type StartFact = ({ readonly ms: number } | Problem) & { readonly isOnline: boolean };

/** The answer to a tiny question; `code` is the API's word for a failure. */
export type LiveFact =
  | { readonly ms: number; readonly model: string; readonly plan: PlanState | null }
  | (Problem & { readonly code?: string | null });

/** The plan's last known state, or the reason for which there is none. */
export interface PlanFact {
  readonly plan: PlanState | null;
  readonly reason: string;
}

/** The folder that the CLI works in. */
export interface WorkspaceFact {
  readonly path: string;
  readonly state: "private" | "open" | "unusable";
}

/** One finding. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** One command that mends it. */
  readonly fix?: string;
}

/** A path as one word of a shell. */
function toWord(path: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(path)) return path;
  return process.platform === "win32" ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Judges the CLI that was found. */
export function checkClaude(claude: ClaudeFact): Check {
  const name = "claude";
  if ("problem" in claude)
    return { name, status: "fail", message: claude.problem, fix: toClaudeCure(claude.fault, claude.canNpm) };
  const note = isOlder(NEWEST_TESTED, claude.version) ? `, newer than the newest tested, ${NEWEST_TESTED}` : "";
  return { name, status: "ok", message: `${claude.version} at ${claude.path}${note}` };
}

/** Judges the CLI's word about its login; undefined when it gave none. */
export function checkLogin(login: Login | undefined): Check {
  const name = "login";
  if (login === undefined) {
    const message = "the CLI does not say whether it is signed in";
    return { name, status: "warn", message, fix: "claude auth status" };
  }
  if (!login.isLoggedIn) return { name, status: "fail", message: "the CLI is not signed in", fix: "claude auth login" };
  const key = login.keySource === undefined ? "" : `, key from ${login.keySource}`;
  const provider = login.provider === undefined || login.provider === "firstParty" ? "" : `, through ${login.provider}`;
  return { name, status: "ok", message: `signed in: ${login.method}${key}${provider}` };
}

/** Judges the variables that hold a credential, by their names. */
export function checkCredentials(names: readonly string[]): Check {
  const name = "environment";
  if (names.length === 0) return { name, status: "ok", message: "no token here replaces the stored login" };
  const verb = names.length > 1 ? "are" : "is";
  const message = `${names.join(" and ")} in the environment ${verb} used in place of the stored login, stale or not`;
  return { name, status: "warn", message, fix: `unset ${names.join(" ")}` };
}

/** A socket that this user can have. */
const OWN_SOCKET = '"unix:$HOME/.claude-max-api/api.sock"';

function checkRefusedPort(code: string, { host, port }: Address): Check {
  const isSocket = toSocketPath(host) !== undefined;
  const address = isSocket ? OWN_SOCKET : "127.0.0.1";
  const fix = code === "EACCES" && !isSocket ? "claude-max-api --port 3456" : `claude-max-api --host ${address}`;
  return { name: "port", status: "fail", message: toRefusal(code, { host, port }), fix };
}

/** Judges the port. */
export function checkPort(state: PortState, { host, port }: Address): Check {
  const name = "port";
  const address = formatAddress({ host, port });
  const isSocket = toSocketPath(host) !== undefined;
  switch (state.type) {
    case "free":
      return { name, status: "ok", message: port === 0 && !isSocket ? "any free one" : `${address} is free` };
    case "ours":
      return {
        name,
        status: "ok",
        message: `${address} is served by claude-max-api ${state.version}, which runs already`,
      };
    case "locked":
      return { name, status: "ok", message: `${address} is served by claude-max-api, which asks for its key` };
    case "taken": {
      const unknown = isSocket ? "another program, or is no socket" : "another program";
      const message = `${address} is taken by ${state.holder ?? unknown}`;
      const fix = isSocket ? `claude-max-api --host ${toWord(`${host}.2`)}` : `claude-max-api --port ${port + 1}`;
      return { name, status: "fail", message, fix };
    }
    case "refused":
      return checkRefusedPort(state.code, { host, port });
  }
}

/** Judges the workspace. */
export function checkWorkspace({ path, state }: WorkspaceFact): Check {
  const name = "workspace";
  switch (state) {
    case "private":
      return { name, status: "ok", message: path };
    case "open":
      return { name, status: "warn", message: `${path} can be read by other users`, fix: `chmod 700 ${toWord(path)}` };
    case "unusable": {
      const message = `${path} is not a folder that you can write to`;
      return { name, status: "fail", message, fix: `claude-max-api --workspace "$(mktemp -d)"` };
    }
  }
}

/** Judges the start of a CLI. */
export function checkStart(start: StartFact): Check {
  const name = "start";
  const hasFailed = "problem" in start;
  const message = hasFailed ? start.problem : `the CLI is ready ${Math.round(start.ms)} ms after its start`;
  if (!hasFailed && start.ms < SLOW_START_MS) return { name, status: "ok", message };
  const status = hasFailed ? "fail" : "warn";
  // The CLI's own doctor asks no model: it names broken settings and installations.
  if (start.isOnline) return { name, status, message, fix: hasFailed ? "claude doctor" : "claude-max-api --spares 2" };
  const cause = "api.anthropic.com cannot be reached from here, and the CLI waits for it";
  return { name, status, message: `${message}: ${cause}`, fix: "curl -I https://api.anthropic.com" };
}

/** Opens a file, where its command, address or key is put right. */
function toEdit(file: string): string {
  return `${process.platform === "win32" ? "notepad" : "${EDITOR:-vi}"} ${toWord(file)}`;
}

/** Judges the MCP servers, one finding each. One that fails costs turns its tools, and no more. */
export function checkServers(servers: ServersFact): Check[] {
  const name = "mcp";
  if ("problem" in servers) {
    const fix = servers.file === undefined ? "claude doctor" : toEdit(servers.file);
    return [{ name, status: "fail", message: servers.problem, fix }];
  }
  return servers.map((server) => {
    const count = server.tools.length;
    if (server.status === "connected")
      return { name, status: "ok", message: `${server.name}: ${count} ${count === 1 ? "tool" : "tools"}` };
    const message = `${server.name}: ${server.status}, ${server.error ?? "no reason told"}`;
    return { name, status: "warn", message, fix: toEdit(server.file) };
  });
}

/** The cure for a failed question, by the API's code. */
function toLiveFix(code: string | null | undefined, credentials: readonly string[]): string {
  if (code !== "not_logged_in") return "claude-max-api --log-level debug";
  return credentials.length > 0 ? `unset ${credentials.join(" ")}` : "claude auth login";
}

/** Judges the answer of the model; undefined when it was not asked. */
export function checkLive(live: LiveFact | undefined, credentials: readonly string[]): Check {
  const name = "live";
  if (live === undefined) return { name, status: "fail", message: "not asked: a turn needs what has failed above" };
  if (!("problem" in live))
    return { name, status: "ok", message: `${live.model} answered after ${Math.round(live.ms)} ms` };
  return { name, status: "fail", message: live.problem, fix: toLiveFix(live.code, credentials) };
}

function toWindowWords({ name, utilization, resets_at: resetsAt }: WindowState, nowMs: number): string {
  const reset = resetsAt === null ? "" : `, resets in ${formatSpan(Date.parse(resetsAt) - nowMs)}`;
  return `${formatWindow(name)} ${formatPercent(utilization)} used${reset}`;
}

/** Judges what is left of the plan. */
export function checkPlan({ plan, reason }: PlanFact, nowMs = Date.now()): Check {
  const name = "plan";
  if (!plan) return { name, status: "ok", message: reason };
  const { windows, overage } = plan;
  const paid = overage.in_use ? ["extra usage is being paid for"] : [];
  const message = [...windows.map((window) => toWindowWords(window, nowMs)), ...paid].join("; ");
  const isReached = overage.in_use || windows.some(({ status }) => status === "rejected");
  return isReached ? { name, status: "warn", message, fix: "claude-max-api usage" } : { name, status: "ok", message };
}
