/** What the doctor makes of what it found: one line a subject, each with the command that mends it. Pure. */
import type { Login } from "../../cli/install/find.ts";
import { isOlder, NEWEST_TESTED } from "../../cli/install/release.ts";
import type { PortState } from "../port.ts";

/** A warm spare is there for the next conversation; one that takes this long, in milliseconds, is felt after two in a row. */
const SLOW_START_MS = 5000;

export interface Problem {
  readonly problem: string;
}

export interface Facts {
  readonly claude: { readonly path: string; readonly version: string } | Problem;
  readonly login: Login | undefined;
  /** Names of the variables that hold a credential; never a value. */
  readonly credentials: readonly string[];
  readonly address: { readonly host: string; readonly port: number };
  readonly port: PortState;
  readonly workspace: { readonly path: string; readonly state: "private" | "open" | "unusable" };
  /** How long a CLI takes from its start to its first answer; undefined where there is none to start. */
  readonly start: { readonly ms: number } | Problem | undefined;
  /** The same with a question to the model; undefined when that was not asked for. */
  readonly live: { readonly ms: number; readonly model: string } | Problem | undefined;
}

export interface Check {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** One command that mends it. */
  readonly fix?: string;
}

function checkClaude({ claude }: Facts): Check {
  if ("problem" in claude) {
    const isOld = claude.problem.includes("or newer");
    return {
      name: "claude",
      status: "fail",
      message: claude.problem,
      fix: isOld ? "claude update" : "npm install -g @anthropic-ai/claude-code",
    };
  }
  const note = isOlder(NEWEST_TESTED, claude.version) ? `, newer than the newest tested, ${NEWEST_TESTED}` : "";
  return { name: "claude", status: "ok", message: `${claude.version} at ${claude.path}${note}` };
}

function checkLogin({ login }: Facts): Check {
  if (login === undefined)
    return {
      name: "login",
      status: "warn",
      message: "the CLI does not say whether it is signed in",
      fix: "claude auth status",
    };
  if (!login.isLoggedIn)
    return { name: "login", status: "fail", message: "the CLI is not signed in", fix: "claude auth login" };
  const key = login.keySource === undefined ? "" : `, key from ${login.keySource}`;
  const provider = login.provider === undefined || login.provider === "firstParty" ? "" : `, through ${login.provider}`;
  return { name: "login", status: "ok", message: `signed in: ${login.method}${key}${provider}` };
}

function checkCredentials({ credentials }: Facts): Check {
  if (credentials.length === 0)
    return { name: "environment", status: "ok", message: "no token here replaces the stored login" };
  const message = `${credentials.join(" and ")} in the environment ${credentials.length > 1 ? "are" : "is"} used in place of the stored login, also when stale`;
  return { name: "environment", status: "warn", message, fix: `unset ${credentials.join(" ")}` };
}

function checkPort({ port: state, address: { host, port } }: Facts): Check {
  const name = "port";
  switch (state.type) {
    case "free":
      return { name, status: "ok", message: port === 0 ? "any free one" : `${host}:${port} is free` };
    case "ours":
      return {
        name,
        status: "ok",
        message: `${host}:${port} is served by claude-max-api ${state.version}, which runs already`,
      };
    case "taken":
      return {
        name,
        status: "fail",
        message: `${host}:${port} is taken by ${state.holder ?? "another program"}`,
        fix: `claude-max-api --port ${port + 1}`,
      };
    case "refused": {
      const fix = state.code === "EACCES" ? "claude-max-api --port 3456" : "claude-max-api --host 127.0.0.1";
      return { name, status: "fail", message: `${host}:${port} cannot be used: ${state.code}`, fix };
    }
  }
}

function checkWorkspace({ workspace: { path, state } }: Facts): Check {
  const name = "workspace";
  switch (state) {
    case "private":
      return { name, status: "ok", message: path };
    case "open":
      return { name, status: "warn", message: `${path} can be read by other users`, fix: `chmod 700 ${path}` };
    case "unusable":
      return {
        name,
        status: "fail",
        message: `${path} is not a folder that you can write to`,
        fix: `claude-max-api --workspace "$(mktemp -d)"`,
      };
  }
}

function checkStart({ start }: Facts): Check[] {
  if (start === undefined) return [];
  if ("problem" in start) return [{ name: "start", status: "fail", message: start.problem, fix: "claude -p hello" }];
  const message = `the CLI is ready ${Math.round(start.ms)} ms after its start`;
  return [
    start.ms < SLOW_START_MS
      ? { name: "start", status: "ok", message }
      : { name: "start", status: "warn", message, fix: "claude-max-api --spares 2" },
  ];
}

function checkLive({ live }: Facts): Check[] {
  if (live === undefined) return [];
  if ("problem" in live) return [{ name: "live", status: "fail", message: live.problem, fix: "claude -p hello" }];
  return [{ name: "live", status: "ok", message: `${live.model} answered after ${Math.round(live.ms)} ms` }];
}

/** All findings, in the order of what depends on what. */
export function toChecks(facts: Facts): Check[] {
  const first = [
    checkClaude(facts),
    ...("problem" in facts.claude ? [] : [checkLogin(facts)]),
    checkCredentials(facts),
  ];
  return [...first, checkPort(facts), checkWorkspace(facts), ...checkStart(facts), ...checkLive(facts)];
}

/** A line for each finding, and under it what mends it. */
export function formatChecks(checks: readonly Check[]): string {
  const lines = checks.flatMap(({ name, status, message, fix }) => [
    `${status.padEnd(5)} ${name.padEnd(12)} ${message}`,
    ...(fix === undefined ? [] : [`${" ".repeat(19)}$ ${fix}`]),
  ]);
  return `${lines.join("\n")}\n`;
}
