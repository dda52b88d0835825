/** The facts that the doctor judges. Asks the CLI and the system; reads no credential, and leaves nothing behind. */
import { lookup } from "node:dns/promises";
import { access, constants, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toEnvironment } from "../../cli/request/launch.ts";
import { ClaudeError, findClaude, readLogin, readVersion } from "../../cli/install/find.ts";
import type { Login } from "../../cli/install/find.ts";
import { runCommand } from "../../cli/process/process.ts";
import type { Command } from "../../cli/process/process.ts";
import type { Config } from "../../config/config.ts";
import { findCredentials } from "../../core/credential.ts";
import { toProxyError } from "../../core/error.ts";
import type { Address } from "../../lib/address.ts";
import { createChanges } from "../change.ts";
import { askPort } from "../port.ts";
import { askUsage } from "../usage/ask.ts";
import type { PortState } from "../port.ts";
import type { ClaudeFact, LiveFact, PlanFact, StartFact, WorkspaceFact, ServersFact } from "./check.ts";
import { askLive } from "./live.ts";
import { lookAtServers } from "./servers.ts";
import { tryCli } from "./trial.ts";
import { toWords } from "./words.ts";

/** The doctor's surroundings. */
export interface DoctorOptions {
  readonly config: Config;
  readonly version: string;
  /** This program's own file. */
  readonly program: string;
}

/** Each fact is looked up when it is asked for. No quota is spent but by `askLive`. */
export interface Facts {
  /** Names of the variables that hold a credential; never a value. */
  readonly credentials: readonly string[];
  readonly address: Address;
  findClaude(): Promise<ClaudeFact>;
  readLogin(file: string): Promise<Login | undefined>;
  askPort(): Promise<PortState>;
  lookAtWorkspace(): Promise<WorkspaceFact>;
  timeStart(file: string): Promise<StartFact>;
  /** Starts each MCP server of the configuration. */
  lookAtServers(file: string): Promise<ServersFact>;
  askLive(): Promise<LiveFact>;
  /** The plan as the server that runs at the address knows it. */
  readPlan(): Promise<PlanFact>;
  /** Removes what looking has made. */
  close(): Promise<void>;
}

const START_PATIENCE_MS = 30_000;
const NODE_PATIENCE_MS = 5000;
/** A start past this is worth the question whether there is a network. */
const LONG_START_MS = 4000;
/** The oldest Node that the CLI's npm package takes without a warning. */
const NODE_MAJOR = 22;

type Surroundings = Omit<Command, "args" | "file">;

/** True when npm can install the CLI: it is there, with a Node that is new enough. */
async function canUseNpm(surroundings: Surroundings): Promise<boolean> {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const [node, found] = await Promise.all([
    runCommand({ ...surroundings, file: "node", args: ["--version"] }, NODE_PATIENCE_MS),
    runCommand({ ...surroundings, file: npm, args: ["--version"] }, NODE_PATIENCE_MS),
  ]);
  return found.code === 0 && Number(/^v(\d+)/.exec(node.stdout)?.[1] ?? 0) >= NODE_MAJOR;
}

async function lookForClaude({ config, program }: DoctorOptions, surroundings: Surroundings): Promise<ClaudeFact> {
  const { claude: given, environment, home } = config;
  try {
    const path = await findClaude({ given, environment, home, program });
    return { path, version: await readVersion({ ...surroundings, file: path }) };
  } catch (error) {
    const fault = error instanceof ClaudeError ? error.fault : undefined;
    return { problem: toProxyError(error).message, fault, canNpm: await canUseNpm(surroundings) };
  }
}

async function lookAtWorkspace(path: string, isMade: boolean): Promise<WorkspaceFact> {
  try {
    if (!isMade) return { path, state: "unusable" };
    await access(path, constants.W_OK | constants.X_OK);
    const { mode } = await stat(path);
    return { path, state: process.platform !== "win32" && (mode & 0o077) !== 0 ? "open" : "private" };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { path, state: "unusable" };
  }
}

/** True when the API's name can be looked up, or a proxy is there to do that. */
async function isOnline(environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (environment["HTTPS_PROXY"] || environment["https_proxy"] || environment["ANTHROPIC_BASE_URL"]) return true;
  return lookup("api.anthropic.com").then(
    () => true,
    () => false,
  );
}

/** A failed start: the CLI's own last words, where it had any. */
async function toStartProblem(failure: Error, { environment }: Config, isLate: boolean): Promise<StartFact> {
  if (!isLate) return { problem: `the CLI did not get ready: ${toWords(failure)}`, isOnline: true };
  const problem = `the CLI gave no answer in the ${START_PATIENCE_MS / 1000} s after its start`;
  return { problem, isOnline: await isOnline(environment) };
}

/** Starts a CLI as a spare is started, and times its answer to a question that no model is asked. */
async function timeStart(command: Omit<Command, "args">, config: Config): Promise<StartFact> {
  const { tools, settingSources } = config;
  const trial = { command, launch: { tools }, settingSources, patienceMs: START_PATIENCE_MS };
  const { ms, failure, isLate } = await tryCli(trial);
  if (failure) return toStartProblem(failure, config, isLate);
  return { ms, isOnline: ms < LONG_START_MS || (await isOnline(config.environment)) };
}

const LOCKED = "not known: the server here asks for its key, in CLAUDE_MAX_API_API_KEY";
const NO_SERVER = "not known while no server runs here: the CLI tells it with each answer, such as that of --live";

async function readPlan(config: Config): Promise<PlanFact> {
  const answer = await askUsage(config);
  if ("problem" in answer) return { plan: null, reason: answer.isLocked ? LOCKED : NO_SERVER };
  const { plan, plan_reason: reason } = answer.usage;
  return { plan, reason: reason ?? "" };
}

/** True when the CLI has never run for this user; it would leave its settings and caches behind. */
async function isUnused({ home, environment }: Config): Promise<boolean> {
  if (environment["CLAUDE_CONFIG_DIR"]) return false;
  const found = [".claude", ".claude.json"].map((name) => stat(join(home, name)).catch(() => undefined));
  return (await Promise.all(found)).every((entry) => entry === undefined);
}

/**
 * Prepares the look. A CLI that has never run is given a home of its own, which goes again, and so does a new
 * workspace.
 */
export async function createFacts(options: DoctorOptions): Promise<Facts> {
  const { config } = options;
  const changes = createChanges();
  const isMade = await changes.addFolder(config.workspace).then(
    () => true,
    () => false,
  );
  const own = await mkdtemp(join(tmpdir(), "claude-max-api-doctor-"));
  const isNew = await isUnused(config);
  const environment = isNew ? { ...config.environment, HOME: own, USERPROFILE: own } : config.environment;
  const surroundings = { cwd: isMade ? config.workspace : config.home, env: toEnvironment(environment, "none", own) };
  const { host, port } = config;
  return {
    credentials: findCredentials(config.environment),
    address: { host, port },
    findClaude: () => lookForClaude(options, surroundings),
    readLogin: (file) => readLogin({ ...surroundings, file }),
    askPort: () => askPort(config),
    lookAtWorkspace: () => lookAtWorkspace(config.workspace, isMade),
    timeStart: (file) => timeStart({ ...surroundings, file }, config),
    lookAtServers: (file) => lookAtServers({ ...surroundings, file }, config),
    readPlan: () => readPlan(config),
    askLive: () => askLive({ ...options, config: { ...config, environment, stateFolder: join(own, "state") } }),
    async close() {
      await rm(own, { recursive: true, force: true, maxRetries: 5 });
      await changes.undo();
    },
  };
}
