/** `service`: installs, removes and watches the program as a service of the user's. Runs the system's own tools, with no shell between. */
import { execFile } from "node:child_process";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { ServiceCommand } from "../../config/command.ts";
import type { ServiceAction } from "../../config/commands.ts";
import type { Config } from "../../config/config.ts";
import { parseVariables } from "../../lib/variables.ts";
import { CREDENTIALS } from "../doctor/facts.ts";
import { askHealth, askPort, toLocalUrl } from "../port.ts";
import { toEnvFile, toEnvText, toUnit } from "./plan.ts";
import type { ServiceOptions } from "./plan.ts";
import type { ServiceStep, ServiceUnit } from "./unit.ts";

const run = promisify(execFile);

/** Between tries, and between looks at a server that is starting. */
const PAUSE_MS = 1000;
const START_TRIES = 15;
/** Of a log file, in bytes: some hundreds of lines. */
const TAIL_BYTES = 32 * 1024;

/** A step that failed; the message is a sentence with the tool's own words. */
class StepError extends Error {}

async function tryStep({ argv, mayFail }: ServiceStep): Promise<StepError | undefined> {
  const [file = "", ...args] = argv;
  try {
    await run(file, args, { windowsHide: true });
    return undefined;
  } catch (error) {
    if (mayFail || !(error instanceof Error)) return undefined;
    const isMissing = "code" in error && error.code === "ENOENT";
    const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim() : error.message;
    return new StepError(
      isMissing
        ? `Cannot run ${file}: it is not on this system; --print shows what it would be told`
        : `Cannot run ${argv.join(" ")}: ${said}`,
    );
  }
}

async function runSteps(steps: readonly ServiceStep[]): Promise<void> {
  for (const step of steps) {
    let failure = await tryStep(step);
    for (let left = (step.tries ?? 1) - 1; failure !== undefined && left > 0; left--) {
      await delay(PAUSE_MS);
      failure = await tryStep(step);
    }
    if (failure) throw failure;
  }
}

/** Replaces a file in one move, so that no reader ever sees a part of it. Private from its first byte. */
async function replaceFile(path: string, text: string, encoding: "utf8" | "utf16le"): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}.new`;
  try {
    await writeFile(next, text, { encoding, mode: 0o600, flag: "wx" });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/** What an action would run; a log file is read without any program. */
function toSteps(unit: ServiceUnit, action: ServiceAction): readonly ServiceStep[] {
  switch (action) {
    case "install":
      return unit.install;
    case "uninstall":
      return [...unit.uninstall, ...unit.forget];
    case "status":
      return [{ argv: unit.status }];
    case "logs":
      return unit.logs === undefined ? [] : [{ argv: unit.logs }];
  }
}

/** What would be written and run. Values of variables are hidden: a terminal is read by others, and pasted. */
async function print(unit: ServiceUnit, command: ServiceCommand): Promise<void> {
  const steps = toSteps(unit, command.action).map(({ argv }) => `$ ${argv.join(" ")}`);
  if (command.action !== "install") return console.log(steps.join("\n"));
  const env = await toEnvText(command);
  const hidden = (env.text ?? "").replace(/^(\s*(?:export\s+)?\w+\s*=).*$/gm, "$1…");
  const parts = [
    `# ${unit.file}`,
    unit.text.replace("\uFEFF", "").replaceAll("\r\n", "\n"),
    ...(env.text === undefined ? [] : [`# ${env.path} (mode 0600)`, hidden]),
  ];
  console.log([...parts, ...steps].join("\n"));
}

/** Waits until the server answers. @returns its version, or undefined when it does not come up. */
async function awaitServer(config: Config): Promise<string | undefined> {
  for (let left = START_TRIES; left > 0; left--) {
    const version = await askHealth(toLocalUrl(config), config.apiKeys);
    if (version !== undefined) return version;
    await delay(PAUSE_MS);
  }
  return undefined;
}

/** The configuration with the keys that an earlier install has kept: the server that runs may want one of those. */
async function addKeptKeys(command: ServiceCommand): Promise<Config> {
  const { config } = command;
  const held = await readFile(toEnvFile(command), "utf8").catch(() => "");
  const kept = (parseVariables(held)["CLAUDE_MAX_API_API_KEY"] ?? "").split(",").filter((key) => key !== "");
  return { ...config, apiKeys: [...new Set([...config.apiKeys, ...kept])] };
}

async function install(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  const config = await addKeptKeys(command);
  const port = await askPort(config);
  if (port.type === "taken" || port.type === "refused") {
    const why = port.type === "taken" ? `taken by ${port.holder ?? "another program"}` : `not to be had (${port.code})`;
    console.error(
      `Cannot install: port ${config.port} is ${why}. Stop that program, or choose another port with --port`,
    );
    return false;
  }
  const env = await toEnvText(command);
  if (env.text !== undefined) await replaceFile(env.path, env.text, "utf8");
  await replaceFile(unit.file, unit.text, unit.encoding);
  if (unit.logFile !== undefined) await mkdir(dirname(unit.logFile), { recursive: true });
  await runSteps(unit.install);
  console.log(`installed ${unit.file}`);
  const names = Object.keys(parseVariables(env.text ?? ""));
  if (env.text !== undefined) console.log(`variables ${env.path}${names.length > 0 ? `: ${names.join(", ")}` : ""}`);
  const left = CREDENTIALS.filter((name) => config.environment[name] && !names.includes(name));
  if (left.length > 0)
    console.log(
      `note: ${left.join(" and ")} of this shell is not carried over; to use it in the service, add it to ${env.path}`,
    );
  if (unit.hint !== undefined) console.log(unit.hint);
  const version = config.port === 0 ? "" : await awaitServer(config);
  console.log(
    version === undefined
      ? "It does not answer yet: see claude-max-api service logs"
      : `running${config.port === 0 ? "" : ` on ${toLocalUrl(config)}`}`,
  );
  return version !== undefined;
}

async function uninstall(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  const isThere = (await readUnit(unit)) !== undefined;
  await runSteps(unit.uninstall);
  await rm(unit.file, { force: true });
  if (isThere) await runSteps(unit.forget);
  console.log(isThere ? `removed ${unit.file}; ${toEnvFile(command)} is kept, with your keys` : "not installed");
  return true;
}

async function readUnit(unit: ServiceUnit): Promise<string | undefined> {
  return readFile(unit.file, unit.encoding).catch(() => undefined);
}

/** The address that an installed description names. Its quoting differs from system to system, but a flag is followed by its value. */
export function readAddress(text: string): { host: string; port: number } {
  const find = (flag: string, value: string): string | undefined =>
    new RegExp(`--${flag}(?:</string>\\s*<string>|[\\s"]|&quot;)+(${value})`).exec(text)?.[1];
  return { host: find("host", "[\\w.:-]+") ?? "127.0.0.1", port: Number(find("port", "\\d+") ?? 3456) };
}

async function status(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  const text = await readUnit(unit);
  if (text === undefined) {
    console.log("not installed: claude-max-api service install");
    return false;
  }
  const [file = "", ...args] = unit.status;
  const said = await run(file, args).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error instanceof Error && "stdout" in error ? String(error.stdout) : ""),
  );
  const state = /state = (\S+)|^Status:\s*(\S+)|^([\w-]+)\s*$/m.exec(said);
  const url = toLocalUrl(readAddress(text));
  const version = await askHealth(url, (await addKeptKeys(command)).apiKeys);
  console.log(`installed ${unit.file}`);
  console.log(`state     ${state?.[1] ?? state?.[2] ?? state?.[3] ?? "unknown"}`);
  console.log(`server    ${version === undefined ? `no answer from ${url}` : `claude-max-api ${version} on ${url}`}`);
  return version !== undefined;
}

async function logs(unit: ServiceUnit): Promise<boolean> {
  if (unit.logs !== undefined) {
    const [file = "", ...args] = unit.logs;
    const { stdout } = await run(file, args, { maxBuffer: 64 * 1024 * 1024 });
    process.stdout.write(stdout);
    return true;
  }
  const log = await open(unit.logFile ?? "").catch(() => undefined);
  if (log === undefined) {
    console.error(`Cannot read the log: ${unit.logFile} is not there yet`);
    return false;
  }
  try {
    const { size } = await log.stat();
    const { buffer, bytesRead } = await log.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(0, size - TAIL_BYTES),
    );
    const tail = buffer.toString("utf8", 0, bytesRead);
    process.stdout.write(size > TAIL_BYTES ? tail.slice(tail.indexOf("\n") + 1) : tail);
    return true;
  } finally {
    await log.close();
  }
}

/** Does what the command line asks. True when it was done, or when the server answers. */
export async function runService(options: ServiceOptions): Promise<boolean> {
  const { command } = options;
  const unit = await toUnit(options);
  if (command.isPrint) {
    await print(unit, command);
    return true;
  }
  try {
    switch (command.action) {
      case "install":
        return await install(unit, command);
      case "uninstall":
        return await uninstall(unit, command);
      case "status":
        return await status(unit, command);
      case "logs":
        return await logs(unit);
    }
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    return false;
  }
}
