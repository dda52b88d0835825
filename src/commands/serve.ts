/** `serve`: puts the parts together, listens, and on a signal takes them apart again. */
import { mkdir } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { findClaude } from "../cli/install/find.ts";
import type { InstallationStatus } from "../cli/install/installation.ts";
import { keepModels } from "../cli/install/modelfile.ts";
import { toLoginCure, toLoginSentence } from "../core/credential.ts";
import { toProxyError } from "../core/error.ts";
import type { PlanReport } from "../core/plan.ts";
import { createTurnHandler } from "../http/turn.ts";
import { createGuard } from "../http/auth.ts";
import { createBodyReader } from "../http/body.ts";
import { createFeed } from "../http/feed.ts";
import type { Feed } from "../http/feed.ts";
import { createMetering } from "../http/metered.ts";
import { createServerCheck } from "../http/outbound.ts";
import { createPage } from "../http/page.ts";
import { createUsage } from "../http/usage.ts";
import { createInfo, toTurnCounts } from "../http/info.ts";
import { createStoredResponses } from "../http/stored.ts";
import { createRoutes } from "../http/route.ts";
import { listen } from "../http/server.ts";
import { createArchive, keepDays } from "../meter/archive.ts";
import type { Archive } from "../meter/archive.ts";
import { createMeter } from "../meter/meter.ts";
import type { Meter } from "../meter/meter.ts";
import { createPlanNotices } from "../notify/plan.ts";
import { createTelegram } from "../notify/telegram.ts";
import type { Telegram } from "../notify/telegram.ts";
import { startDemo } from "./demo.ts";
import { readServers } from "./mcp.ts";
import type { Servers } from "./mcp.ts";
import { preparePrivately } from "./private.ts";
import { createEngine, toFolders } from "./engine.ts";
import type { Engine, ServeOptions } from "./engine.ts";

/** A server that listens. */
export interface Served {
  /** The address as a client writes it, or `unix:/path`. */
  readonly url: string;
  /** The CLI's status; waits for the first look at it. */
  status(): Promise<InstallationStatus>;
  /** Lets running turns finish for a while, then ends every process. Settles when nothing is left. */
  stop(): Promise<void>;
}

/**
 * Time for running turns to finish. Then a busy process has 5 s after SIGTERM, an idle one 2 s more before it: 16 s in
 * all.
 */
const DRAIN_MS = 9000;
const FULL_WARNING =
  "--tools full: every request may run any command and touch any file this user can; " +
  "whoever can reach this port can too";
const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for this long is let go: it holds a place that others wait for. */
const STALL_MS = 30_000;
/** At the end, messages may still be sent or taken away in this time; processes end meanwhile. */
const TELEGRAM_GRACE_MS = 2000;

/** Parts that the handlers need besides the engine. */
interface Surroundings {
  readonly meter: Meter;
  readonly archive: Archive;
  readonly telegram: Telegram;
  readonly mcp: Servers;
  readonly isStopping: () => boolean;
}

/** Checks that the CLI is there, which the demo needs too. @throws Error that says so, before anything is printed. */
async function checkDemo({ config: { claude: given, environment, home }, program }: ServeOptions): Promise<void> {
  await findClaude({ given, environment, home, program }).catch((error: unknown) => {
    const { message } = toProxyError(error);
    throw new Error(`--demo needs the claude CLI, though no account. ${message}`, { cause: error });
  });
}

/** Parts that answer requests. */
interface Answering {
  /** The handlers of every path, with the guard before them. */
  readonly handler: RequestListener;
  /** Has streams of its own, which are to be ended before the server drains. */
  readonly feed: Feed;
}

function createAnswering(options: ServeOptions, engine: Engine, surroundings: Surroundings): Answering {
  const { config, version, log } = options;
  const { installation, models, gate, pool, spares, named, run } = engine;
  const { host, apiKeys: keys, allowedHosts, allowedOrigins, tools } = config;
  const { telegram, meter, archive, mcp, isStopping } = surroundings;
  const counts = () => ({
    live: pool.size + gate.inside,
    busy: gate.inside,
    spare: spares.size,
    queued: gate.waiting,
  });
  const turns = () => toTurnCounts(meter.read().totals, engine.countReplays());
  const stored = createStoredResponses();
  const guard = createGuard({ host, keys, allowedHosts, allowedOrigins });
  const readJson = createBodyReader();
  const loginSentence = toLoginSentence(config.environment);
  const times = { stallMs: STALL_MS, heartbeatMs: HEARTBEAT_MS };
  const { identify, nameClient } = guard;
  const { servers, states } = mcp;
  const readMcpServers = states.read;
  const usage = createUsage({
    ...{ meter, archive, version, models, status: installation.status, counts, loginSentence },
    loginCure: toLoginCure(config.environment),
    ...{ planReserve: config.planReserve, extraUsage: config.extraUsage, readMcpServers },
  });
  const feed = createFeed({ meter, readSurroundings: usage.readSurroundings });
  const meterTurn = createMetering({ meter, nameClient });
  const checkServers = createServerCheck(config.requestMcpHosts);
  const parts = { run, models, telegram, tools, servers, checkServers, store: stored, readJson, identify, meterTurn };
  const handler = createRoutes({
    guard,
    usage,
    feed,
    page: createPage(version),
    info: createInfo({ version, models, status: installation.status, counts, turns, loginSentence, readMcpServers }),
    handleTurn: createTurnHandler({ ...parts, ...times }),
    store: stored,
    models,
    readJson,
    named,
    log,
    isStopping,
  });
  return { handler, feed };
}

/** Starts serving. @throws the system's error when the port cannot be had. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { config, log } = options;
  for (const warning of await preparePrivately(config)) log.warn(warning);
  const mcp = await readServers(config, log);
  await mkdir(toFolders(config).empty, { recursive: true, mode: 0o700 });
  if (config.demo) await checkDemo(options);
  const meter = createMeter({ now: Date.now, tick: () => performance.now() });
  const usageFolder = join(config.stateFolder, "usage");
  const archive = createArchive({ folder: usageFolder, log });
  // What the echo model was asked is no use of anything.
  const days = config.demo ? undefined : keepDays(meter, archive);
  const demo = config.demo ? await startDemo(config.environment) : undefined;
  const kept = await keepModels(config.aliases, config.demo ? undefined : join(config.stateFolder, "models.json"), log);
  const { models } = kept;
  const telegram = createTelegram({ ...config.telegram, log });
  const notices = createPlanNotices({ file: join(usageFolder, "notices.json"), tell: telegram.tell, log });
  function onPlan(report: PlanReport): void {
    meter.updatePlan(report);
    if (config.telegram.chats.length > 0) notices.update(report);
  }
  const engine = createEngine(options, demo?.environment ?? config.environment, { meter, models, mcp, onPlan });
  const { installation, pool, spares, transcripts } = engine;
  let stopping: Promise<void> | undefined;
  const isStopping = (): boolean => stopping !== undefined;
  const { handler, feed } = createAnswering(options, engine, { telegram, meter, archive, mcp, isStopping });
  const onError = ({ message: cause }: Error): void => log.warn("cannot accept a connection", { cause });
  const listener = await listen(handler, config.host, config.port, { onError }).catch(async (error: unknown) => {
    await demo?.close();
    throw error;
  });
  void transcripts.sweep();
  if (config.tools === "full") log.warn(FULL_WARNING);
  spares.fill();
  void installation.status().then(({ problem }) => problem && log.warn(problem.message));

  async function stop(): Promise<void> {
    spares.close();
    engine.history.close();
    feed.close();
    const cut = setTimeout(() => listener.close(), DRAIN_MS);
    await listener.drain();
    clearTimeout(cut);
    pool.clear();
    await Promise.all([telegram.close(TELEGRAM_GRACE_MS), notices.settle(), installation.close(), days?.close()]);
    await Promise.all([kept.close(), engine.settleNamed()]);
    await demo?.close();
  }

  return { url: listener.url, status: installation.status, stop: () => (stopping ??= stop()) };
}
