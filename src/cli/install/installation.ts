/** The CLI on this machine: found, checked, asked for its login now and then, and started as often as it may be. */
import { mkdir } from "node:fs/promises";
import type { Log } from "../../lib/log.ts";
import { untilAborted } from "../../lib/abort.ts";
import { createGate } from "../../lib/gate.ts";
import type { ProxyError } from "../../core/error.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { McpServer, McpServerState } from "../../core/mcp.ts";
import type { OwnTools } from "../../core/profile.ts";
import type { CatalogueEntry, KnownModels } from "../../core/model.ts";
import { toWorkingFolder } from "../process/folder.ts";
import type { Folders } from "../process/folder.ts";
import type { PlanReport } from "../../core/plan.ts";
import { TOOL_SERVER } from "../protocol/name.ts";
import { toArgs, toEnvironment } from "../request/launch.ts";
import type { Launch } from "../request/launch.ts";
import { startConversation } from "../conversation.ts";
import type { Conversation, ConversationOptions } from "../conversation.ts";
import { readLogin } from "./find.ts";
import type { FindOptions, Login } from "./find.ts";
import { createLoginMemory } from "./login.ts";
import type { LoginMemory } from "./login.ts";
import { createProgram } from "./program.ts";
import type { Program } from "./program.ts";
import { createSweeper, toCacheFolder, toLogFolder } from "./leftovers.ts";
import type { Leftovers } from "./leftovers.ts";
import { createNotes } from "./notes.ts";
import type { Command } from "../process/process.ts";

/** Settings of all processes. */
export interface InstallationOptions {
  readonly find: FindOptions;
  readonly folders: Folders;
  readonly settingSources: string;
  /** The MCP servers of the server's owner, whose logs are swept. */
  readonly servers: readonly McpServer[];
  /** Told the states of MCP servers, as often as a process has loaded them. */
  readonly onMcpStates: (states: readonly McpServerState[]) => void;
  /** Folder for the CLI's temporary files; made when needed, and swept. */
  readonly temporaryFolder: string;
  /** Folder for the CLI's notes, once they were learned. */
  readonly notesFolder: string;
  /** Most processes alive at once; a start past that waits until one is gone. */
  readonly maxProcesses: number;
  /** Longest silence of the CLI in a turn, in milliseconds. */
  readonly activityMs: number;
  /** Told the account's models, as often as a process that was started without a model names them. */
  readonly onCatalogue: (entries: CatalogueEntry[]) => void;
  /** Told the limits of the models that have answered. */
  readonly onLimits: (limits: KnownModels["limits"]) => void;
  /** Told of the plan's limits, as often as any process reports them. */
  readonly onPlan: (report: PlanReport) => void;
  readonly log: Log;
}

/** State of the CLI on this machine; undefined parts are not known yet. */
export interface InstallationStatus {
  readonly path: string | undefined;
  readonly version: string | undefined;
  readonly login: Login | undefined;
  /** The reason for which it cannot be used, if so. */
  readonly problem: ProxyError | undefined;
}

/** The CLI on this machine; the only starter of processes for conversations. */
export interface Installation {
  /** Starts a process. @throws ProxyError `unavailable` when the CLI is missing or too old; the signal's reason. */
  start(launch: Launch, signal?: AbortSignal): Promise<Conversation>;
  /**
   * The CLI's notes on a new conversation with this model, by its full id, and these tools of the CLI's own; none while
   * they are not known.
   * @throws ProxyError `unavailable` when the CLI is missing or too old.
   */
  readNotes(modelId: string, tools: OwnTools): Promise<readonly JsonObject[]>;
  /** Tells whether a turn runs or waits: what is learned in the background is learned at rest alone. */
  setBusy(isBusy: boolean): void;
  /** The latest status, looked up again in the background when it is old; waits only for the very first look. */
  status(): Promise<InstallationStatus>;
  /** Identity of the CLI's file now. When it has changed, the CLI is looked at anew. Never rejects. */
  identify(): Promise<string>;
  /** Records what a turn has shown about the login. */
  recordLogin(isLoggedIn: boolean): void;
  /** Ends every process; settles when all are gone. */
  close(): Promise<void>;
}

function toCommand(options: InstallationOptions, path: string, launch: Launch): Command {
  const { settingSources, folders, find, temporaryFolder } = options;
  const env = toEnvironment(find.environment, launch.tools, temporaryFolder);
  const cwd = toWorkingFolder(launch, folders);
  // Whatever a process was started with, its first turn may give it the owner's servers.
  const isParent = launch.tools === "full" || options.servers.length > 0;
  return { file: path, args: toArgs(launch, settingSources), cwd, env, isParent };
}

function toConversationOptions(options: InstallationOptions, path: string, launch: Launch): ConversationOptions {
  const { activityMs, onLimits, onPlan, log } = options;
  return {
    command: toCommand(options, path, launch),
    launch,
    activityMs,
    // A process started with a model lists that model too, whether the account has it or not.
    onCatalogue: launch.model === undefined ? options.onCatalogue : () => undefined,
    onDenial: (tool) => log.warn("tool denied", { tool, tools: launch.tools }),
    onLimits,
    onMcpCall: (tool) => log.info("mcp tool called", { tool }),
    onMcpStates: options.onMcpStates,
    onPlan,
    ...(log.isOn("trace") ? { trace: (line: string) => log.trace("cli", { line }) } : {}),
  };
}

/** Requests choose names of servers; logs of more are not swept. */
const MOST_NAMES = 1000;

/** Makes the memory of the MCP servers that any process has had: the CLI writes a log of each. */
function createLogNames({ find, folders, servers, temporaryFolder }: InstallationOptions) {
  const names = new Set([TOOL_SERVER, ...servers.map(({ name }) => name)]);
  const cache = toCacheFolder(find.environment, find.home);
  return {
    add(states: readonly McpServerState[]): void {
      for (const { name } of states) if (names.size < MOST_NAMES) names.add(name);
    },
    readLeftovers(): Leftovers {
      const toLogs = (folder: string): string[] => [...names].map((name) => toLogFolder(cache, folder, name));
      return { temporary: temporaryFolder, logs: Object.values(folders).flatMap(toLogs) };
    },
  };
}

/** The CLI's program, and its login as it tells it; what they run ends with the signal. */
function openProgram(options: InstallationOptions, signal: AbortSignal): [Program, LoginMemory] {
  const { find, folders, temporaryFolder, log } = options;
  const surroundings = { cwd: folders.empty, env: toEnvironment(find.environment, "none", temporaryFolder), signal };
  const program = createProgram({
    find,
    ...surroundings,
    async onFound(found) {
      await mkdir(temporaryFolder, { recursive: true, mode: 0o700 });
      log.debug("found claude", { ...found });
    },
  });
  const login = createLoginMemory(async () => readLogin({ file: (await program.ready()).path, ...surroundings }), log);
  return [program, login];
}

/** Prepares the use of the CLI; nothing is run before it is asked for. */
export function createInstallation(options: InstallationOptions): Installation {
  const { find, log } = options;
  const logNames = createLogNames(options);
  const sweeper = createSweeper(logNames.readLeftovers);
  function onMcpStates(states: readonly McpServerState[]): void {
    logNames.add(states);
    options.onMcpStates(states);
  }
  const { notesFolder: folder, temporaryFolder } = options;
  const places = createGate(options.maxProcesses);
  const notes = createNotes({ folder, temporaryFolder, environment: find.environment, enter: places.enter, log });
  const live = new Set<Conversation>();
  const closing = new AbortController();
  const [program, login] = openProgram(options, closing.signal);

  async function startIn(release: () => void, launch: Launch, signal?: AbortSignal): Promise<Conversation> {
    const { path } = await untilAborted(program.ready(), signal);
    const conversation = startConversation(toConversationOptions({ ...options, onMcpStates }, path, launch));
    log.debug("started claude", { pid: conversation.pid, as: launch.session?.type ?? "fresh", tools: launch.tools });
    live.add(conversation);
    sweeper.sweepNowAndThen();
    void conversation.gone.then(() => {
      live.delete(conversation);
      release();
      log.debug("claude ended", { pid: conversation.pid });
    });
    return conversation;
  }

  return {
    async start(launch, signal) {
      const release = await places.enter(signal);
      try {
        return await startIn(release, launch, signal);
      } catch (error) {
        release();
        throw error;
      }
    },
    async readNotes(modelId, tools) {
      const { path, version } = await program.ready();
      return notes.read({ path, version, workingFolder: toWorkingFolder({ tools }, options.folders) }, modelId);
    },
    setBusy: notes.setBusy,
    async status() {
      const known = await login.read();
      const { found, problem } = program;
      return { path: found?.path, version: found?.version, login: known, problem };
    },
    identify: program.identify,
    recordLogin: login.record,
    async close() {
      closing.abort();
      const ends = [...live].map((conversation) => conversation.close());
      await Promise.all([notes.close(), program.settled(), login.settled(), ...ends]);
      await sweeper.sweepLast();
    },
  };
}
