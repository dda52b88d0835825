/** The service's command, found on this machine: the program, the CLI's folder, the file that holds its secrets. */
import { access, readFile, realpath } from "node:fs/promises";
import { userInfo } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { findClaude, toPathFolders } from "../../cli/install/find.ts";
import type { ServiceCommand } from "../../config/command.ts";
import type { Config } from "../../config/config.ts";
import { UsageError } from "../../config/error.ts";
import { mergeVariables, parseVariables } from "../../lib/envfile.ts";
import type { Variables } from "../../lib/envfile.ts";
import { toLaunchdUnit } from "./launchd.ts";
import { toSystemdUnit } from "./systemd.ts";
import { toTaskUnit } from "./task.ts";
import { SERVICE, toPaths, toServicePath } from "./unit.ts";
import type { ServicePlan, ServiceUnit } from "./unit.ts";

/** The command, and the program it is for. */
export interface ServiceOptions {
  readonly command: ServiceCommand;
  /** This program's own file as it was called, and the program that runs it; the same for a packaged executable. */
  readonly program: string;
  readonly runtime: string;
}

const real = (file: string): Promise<string> => realpath(file).catch(() => file);

/** True for a path that goes with the login session: fnm's links of one shell, and what lies in the runtime folder. */
function isPassing(path: string, { XDG_RUNTIME_DIR: runtime }: NodeJS.ProcessEnv): boolean {
  return /[\\/]fnm_multishells[\\/]/.test(path) || (runtime ? path.startsWith(join(runtime, sep)) : false);
}

/** A program by a path that stays after logout. */
async function toStaying(program: string, environment: NodeJS.ProcessEnv): Promise<string> {
  return isPassing(program, environment) ? join(await real(dirname(program)), basename(program)) : program;
}

/** An executable by the name it has on PATH, which an upgrade leaves in place; its real folder may go away. */
async function toLasting(executable: string, environment: NodeJS.ProcessEnv): Promise<string> {
  for (const folder of toPathFolders(environment, process.platform === "win32")) {
    const candidate = join(folder, basename(executable));
    if (!isPassing(candidate, environment) && (await real(candidate)) === executable) return candidate;
  }
  return executable;
}

/** The words that start this program again. @throws UsageError when it is a place that will not last. */
async function toProgram({ program, runtime, command: { config, isPrint } }: ServiceOptions): Promise<string[]> {
  const lasting = await toLasting(await real(runtime), config.environment);
  if ((await real(program)) === (await real(runtime))) return [lasting];
  if (!isPrint && program.endsWith(".ts"))
    throw new UsageError(
      "Cannot install the sources: run npm run build, then node dist/claude-max-api.cjs service install",
    );
  if (!isPrint && /[\\/]_npx[\\/]/.test(program))
    throw new UsageError("Cannot install from npx's cache: run npm install -g claude-max-api first");
  return [lasting, await toStaying(program, config.environment)];
}

async function toPlan(options: ServiceOptions, envFile: string): Promise<ServicePlan> {
  const { config, flags, platform } = options.command;
  const { claude: given, environment, home } = config;
  const program = await toProgram(options);
  const found = await findClaude({ given, environment, home, program: options.program }).catch(() => undefined);
  const claude = found === undefined ? undefined : await toStaying(found, environment);
  // A task has no PATH of its own to set, so it is told the CLI itself.
  const named = platform === "win32" && claude !== undefined && given === undefined ? ["--claude", claude] : [];
  const folders = [...(claude === undefined ? [] : [dirname(claude)]), dirname(program[0] ?? "")];
  const domain = environment["USERDOMAIN"];
  const { uid, username } = userInfo();
  return {
    command: [...program, "serve", "--variables", envFile, ...flags, ...named],
    home,
    path: toServicePath(platform, home, folders),
    userId: uid,
    userName: domain ? `${domain}\\${username}` : username,
  };
}

/** The file of the service's secrets: the user's own, or one beside the state. */
export function toEnvFile({ config, platform }: ServiceCommand): string {
  return config.variables ?? toPaths(platform).join(config.stateFolder, "service.env");
}

/** Describes the service for its platform. */
export async function toUnit(options: ServiceOptions): Promise<ServiceUnit> {
  const { platform, config } = options.command;
  const plan = await toPlan(options, toEnvFile(options.command));
  const { environment, home } = config;
  switch (platform) {
    case "darwin":
      return toLaunchdUnit(plan);
    case "linux":
      return toSystemdUnit(plan, environment["XDG_CONFIG_HOME"] || toPaths(platform).join(home, ".config"));
    case "win32":
      return toTaskUnit(plan, environment["LOCALAPPDATA"] || toPaths(platform).join(home, "AppData", "Local"));
  }
}

/**
 * Variables that a login shell has and a service lacks. Proxies may hold a password, so all of them go to the private
 * file.
 */
const CARRIED = [
  ...["TELEGRAM_NOTIFY_ID", "TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL"],
  ...["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "NODE_EXTRA_CA_CERTS"],
  ...[
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "AWS_PROFILE",
    "AWS_REGION",
    "CLOUD_ML_REGION",
  ],
  "ANTHROPIC_VERTEX_PROJECT_ID",
];

/** The variables that the service is to have. */
export function toCarried({ apiKeys, environment }: Pick<Config, "apiKeys" | "environment">): Variables {
  const carried = CARRIED.flatMap((name): [string, string][] => (environment[name] ? [[name, environment[name]]] : []));
  return {
    ...(apiKeys.length > 0 ? { CLAUDE_MAX_API_API_KEY: apiKeys.join(",") } : {}),
    ...Object.fromEntries(carried),
  };
}

const HEADER = `# Variables of the ${SERVICE} service, one NAME=VALUE a line. Keep this file private: chmod 600.
# Without ANTHROPIC_API_KEY here, the service uses the login that the claude CLI has stored.
`;

/**
 * The private file and its new text; none when the user keeps a file of their own. Variables that are not set anew
 * stay.
 */
export async function toEnvText(command: ServiceCommand): Promise<{ path: string; text: string | undefined }> {
  const path = toEnvFile(command);
  const { config } = command;
  const hasFile = await access(path).then(
    () => true,
    () => false,
  );
  const held = hasFile ? await readFile(path, "utf8") : HEADER;
  if (config.variables === undefined) return { path, text: mergeVariables(held, toCarried(config)) };
  if (config.apiKeys.join(",") === (parseVariables(held)["CLAUDE_MAX_API_API_KEY"] ?? ""))
    return { path, text: undefined };
  throw new UsageError(
    `Cannot keep a key out of sight with --variables ${path}: ` +
      "write CLAUDE_MAX_API_API_KEY=… into that file instead of using --api-key",
  );
}
