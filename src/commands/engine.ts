/** The parts that play turns, put together: the installation of the CLI, its processes, and what finds them. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInstallation } from "../cli/install/installation.ts";
import type { Installation, InstallationOptions } from "../cli/install/installation.ts";
import { EMPTY_FOLDER } from "../cli/process/folder.ts";
import type { Folders } from "../cli/process/folder.ts";
import { deleteSession, hasEntry, noteLastEntry, toConfigFolder } from "../cli/install/persisted.ts";
import { createTranscripts } from "../cli/request/transcript.ts";
import type { Config } from "../config/config.ts";
import { toLoginSentence } from "../core/credential.ts";
import type { Models } from "../core/model.ts";
import type { PlanReport } from "../core/plan.ts";
import { createGate } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import type { Log } from "../lib/log.ts";
import type { Scratch } from "../lib/scratch.ts";
import type { Meter } from "../meter/meter.ts";
import { createHistoryLeases } from "../session/history.ts";
import type { HistoryLeases, HistoryOptions } from "../session/history.ts";
import { createAnswerMemory } from "../session/memory.ts";
import { createNamedSessions } from "../session/named.ts";
import { createOptionalSettings } from "../session/optional.ts";
import { createRefusals } from "../session/refusal.ts";
import type { NamedSessions } from "../session/named.ts";
import { createNamedLeases } from "../session/resume.ts";
import { createRun } from "../session/run.ts";
import type { Run } from "../session/run.ts";
import { createReserve } from "../session/reserve.ts";
import { createPace } from "../session/pace.ts";
import { countRoom } from "../session/room.ts";
import { createSpares } from "../session/spare.ts";
import type { Spares } from "../session/spare.ts";
import { createTarget } from "../session/target.ts";
import type { TargetOptions } from "../session/target.ts";
import { createPool } from "../session/pool.ts";
import type { Pool } from "../session/pool.ts";
import type { Servers } from "./mcp.ts";

/** The configuration and the log of one server. */
export interface ServeOptions {
  readonly config: Config;
  readonly version: string;
  /** This program's own file. */
  readonly program: string;
  readonly log: Log;
}

/** The parts that play turns. */
export interface Engine {
  readonly installation: Installation;
  readonly models: Models;
  readonly gate: Gate;
  readonly pool: Pool;
  readonly spares: Spares;
  readonly history: HistoryLeases;
  readonly transcripts: Scratch;
  readonly named: NamedSessions;
  /** Settles once nothing is left of named conversations that ended in their first turn. Never rejects. */
  readonly settleNamed: () => Promise<void>;
  readonly run: Run;
  /** Number of turns so far whose process had to be told the history. */
  readonly countReplays: () => number;
}

/** Parts that are told by the engine. */
export interface Witnesses {
  readonly meter: Meter;
  readonly models: Models;
  readonly mcp: Servers;
  readonly onPlan: (report: PlanReport) => void;
}

/** The working directories of CLI processes. */
export function toFolders({ workspace, stateFolder }: Config): Folders {
  return { workspace, empty: join(stateFolder, EMPTY_FOLDER) };
}

function toMostSpares({ spares, maxSpares }: Config): number {
  return spares === "auto" ? maxSpares : spares;
}

/** The configuration and the listeners, as the CLI's installation takes them. */
function toInstallationOptions(
  { config, program, log }: ServeOptions,
  environment: NodeJS.ProcessEnv,
  { models, mcp, onPlan }: Witnesses,
): InstallationOptions {
  return {
    find: { given: config.claude, environment, home: config.home, program },
    folders: toFolders(config),
    settingSources: config.settingSources,
    servers: mcp.servers,
    onMcpStates: mcp.states.record,
    temporaryFolder: join(config.stateFolder, "tmp"),
    notesFolder: join(config.stateFolder, "notes"),
    maxProcesses: config.maxSessions + config.maxConcurrent + toMostSpares(config),
    activityMs: config.activityTimeoutSeconds * 1000,
    onCatalogue: models.setCatalogue,
    onLimits: models.setLimits,
    onPlan,
    log,
  };
}

/** The configuration, as the choice of spares takes it. */
function toTargetOptions({ spares, maxSpares, tools }: Config): TargetOptions {
  return { count: spares, max: maxSpares, first: { tools, isReplay: false } };
}

/** Puts the parts together that play turns; no process is started yet. `environment` is the CLI's. */
export function createEngine(options: ServeOptions, environment: NodeJS.ProcessEnv, witnesses: Witnesses): Engine {
  const { config, log } = options;
  const { meter, models, mcp } = witnesses;
  const { maxConcurrent, maxSessions, idleSeconds } = config;
  const installation = createInstallation(toInstallationOptions(options, environment, witnesses));
  const transcripts = createTranscripts(join(config.stateFolder, "replay"));
  const pace = createPace({ cores: availableParallelism() });
  const { start, identify } = installation;
  const spares = createSpares({
    ...{ pace, transcripts, servers: mcp.servers, countRoom, start, identify, log },
    target: createTarget(toTargetOptions(config)),
    onStart(spare) {
      if (!models.isCatalogued) void spare.askModels();
    },
  });
  const gate = createGate(maxConcurrent, config.maxQueue, installation.setBusy);
  const pool = createPool({ maxSessions, idleSeconds, log });
  const configFolder = toConfigFolder(environment, config.home);
  const deleteTranscript = (sessionId: string): Promise<void> => deleteSession(configFolder, sessionId);
  const named = createNamedSessions({
    folder: join(config.stateFolder, "sessions"),
    maxWaiting: config.maxQueue,
    endProcess: (id) => namedLeases.end(id),
    deleteTranscript,
  });
  const namedLeases = createNamedLeases({
    ...{ start, pool, named, deleteTranscript },
    noteLastEntry: (sessionId, uuid) => noteLastEntry(configFolder, sessionId, uuid),
    hasEntry: (sessionId, uuid) => hasEntry(configFolder, sessionId, uuid),
  });
  let replays = 0;
  const toModelId = (model: string): string => models.resolve(model).id;
  const readNotes: HistoryOptions["readNotes"] = (model, tools) => installation.readNotes(toModelId(model), tools);
  const history = createHistoryLeases({
    ...{ start, pool, spares, pace, transcripts, readNotes, toModelId, log },
    onReplay: () => void replays++,
    memory: createAnswerMemory(),
  });
  const run = createRun({
    takeLease: history.take,
    takeNamedLease: namedLeases.take,
    ...{ gate, named, pace },
    refusals: createRefusals(),
    optional: createOptionalSettings({ toModelId, hasFastMode: models.hasFastMode }),
    checkReserve: createReserve({
      readPlan: meter.readPlan,
      percent: config.planReserve,
      extraUsage: config.extraUsage,
    }),
    refill: spares.fill,
    recordLogin: installation.recordLogin,
    loginSentence: toLoginSentence(environment),
  });
  const parts = { installation, models, gate, pool, spares, history, transcripts, named, run };
  return { ...parts, settleNamed: namedLeases.settle, countReplays: () => replays };
}
