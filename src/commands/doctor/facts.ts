/** What the doctor looks at. Asks the CLI and the system; reads no credential, and spends no quota unless `isLive`. */
import { access, constants, mkdir, stat } from "node:fs/promises";
import { toArgs, toEnvironment } from "../../cli/request/launch.ts";
import { startConversation } from "../../cli/conversation.ts";
import { findClaude, readLogin, readVersion } from "../../cli/install/find.ts";
import type { Command } from "../../cli/process/process.ts";
import type { Config } from "../../config/config.ts";
import { toProxyError } from "../../core/error.ts";
import { isObject } from "../../lib/json.ts";
import { createLog } from "../../lib/log.ts";
import type { Facts, Problem } from "./check.ts";
import { askPort } from "../port.ts";
import { serve } from "../serve.ts";

export interface DoctorOptions {
  readonly config: Config;
  readonly version: string;
  /** This program's own file. */
  readonly program: string;
}

/** Each of these beats the login that the CLI has stored. */
export const CREDENTIALS = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"] as const;

const START_PATIENCE_MS = 30_000;
const LIVE_PATIENCE_MS = 120_000;

async function findCli(
  { config, program }: DoctorOptions,
  command: Omit<Command, "args" | "file">,
): Promise<Facts["claude"]> {
  const { claude: given, environment, home } = config;
  try {
    const path = await findClaude({ given, environment, home, program });
    return { path, version: await readVersion({ ...command, file: path }) };
  } catch (error) {
    return { problem: toProxyError(error).message };
  }
}

/** Makes the workspace as the server does, and looks at what is there. */
async function lookAtWorkspace(path: string): Promise<Facts["workspace"]> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK | constants.X_OK);
    const { mode } = await stat(path);
    return { path, state: process.platform !== "win32" && (mode & 0o077) !== 0 ? "open" : "private" };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { path, state: "unusable" };
  }
}

/** Starts a CLI as a spare is started, and times its answer to a question that no model is asked. */
async function timeStart(
  command: Omit<Command, "args">,
  { tools, settingSources }: Config,
): Promise<{ ms: number } | Problem> {
  const startedAt = performance.now();
  const launch = { tools };
  let ms: number | undefined;
  const onCatalogue = (): void => void (ms = performance.now() - startedAt);
  const args = toArgs(launch, settingSources);
  const conversation = startConversation({
    command: { ...command, args },
    launch,
    activityMs: START_PATIENCE_MS,
    onCatalogue,
    onDenial: () => {},
  });
  const patience = setTimeout(() => void conversation.close(), START_PATIENCE_MS);
  await conversation.askModels();
  clearTimeout(patience);
  await conversation.close();
  return ms === undefined ? { problem: "the CLI was started, and ended without an answer" } : { ms };
}

function readAnswer(body: unknown, ms: number): { ms: number; model: string } | Problem {
  if (isObject(body) && typeof body["model"] === "string") return { ms, model: body["model"] };
  const error = isObject(body) ? body["error"] : undefined;
  return {
    problem: isObject(error) && typeof error["message"] === "string" ? error["message"] : "the answer cannot be read",
  };
}

/** One tiny request, all the way: a server of its own on a free port, the CLI, the model. */
async function askLive({ config, version, program }: DoctorOptions): Promise<{ ms: number; model: string } | Problem> {
  const own: Config = { ...config, host: "127.0.0.1", port: 0, apiKeys: [], spares: 0, tools: "none", demo: false };
  const served = await serve({ config: own, version, program, log: createLog("error") });
  try {
    const startedAt = performance.now();
    const response = await fetch(`${served.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "claude-haiku-4",
        max_tokens: 16,
        messages: [{ role: "user", content: "Answer with the word ok." }],
      }),
      signal: AbortSignal.timeout(LIVE_PATIENCE_MS),
    });
    return readAnswer(await response.json(), performance.now() - startedAt);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "no answer" };
  } finally {
    await served.stop();
  }
}

/** Looks at everything, one thing after another: the time of a start is measured on a quiet machine. */
export async function gatherFacts(options: DoctorOptions, isLive: boolean): Promise<Facts> {
  const { config } = options;
  const workspace = await lookAtWorkspace(config.workspace);
  const command = {
    cwd: workspace.state === "unusable" ? config.home : config.workspace,
    env: toEnvironment(config.environment, "none"),
  };
  const claude = await findCli(options, command);
  const file = "problem" in claude ? undefined : claude.path;
  return {
    claude,
    login: file === undefined ? undefined : await readLogin({ ...command, file }),
    credentials: CREDENTIALS.filter((name) => config.environment[name]),
    address: { host: config.host, port: config.port },
    port: await askPort(config),
    workspace,
    start: file === undefined ? undefined : await timeStart({ ...command, file }, config),
    live: isLive && file !== undefined ? await askLive(options) : undefined,
  };
}
