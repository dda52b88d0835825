/** `service install` and `service uninstall`. */
import { access, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceCommand } from "../../config/command.ts";
import type { Config } from "../../config/config.ts";
import { findCredentials } from "../../core/credential.ts";
import { toSocketPath } from "../../lib/address.ts";
import { parseVariables } from "../../lib/envfile.ts";
import { askPort, askServer, toLocalUrl, toRefusal } from "../port.ts";
import { createChanges } from "../change.ts";
import { readStoredKeys } from "../stored.ts";
import { toEnvFile, toEnvText } from "./plan.ts";
import { readState, runSteps } from "./steps.ts";
import { readAddress } from "./unit.ts";
import type { ServiceUnit } from "./unit.ts";

/** Between two looks at a server that is starting. */
const PAUSE_MS = 1000;
const START_TRIES = 15;

/** Waits until the server answers. @returns whether it does. */
async function awaitServer(config: Config): Promise<boolean> {
  for (let left = START_TRIES; left > 0; left--) {
    if ((await askServer(config, config.apiKeys)) !== undefined) return true;
    await delay(PAUSE_MS);
  }
  return false;
}

/** The configuration with the keys that an earlier install has stored: the server that runs may want one of those. */
export async function addStoredKeys(command: ServiceCommand): Promise<Config> {
  const { config } = command;
  const stored = await readStoredKeys(toEnvFile(command));
  return { ...config, apiKeys: [...new Set([...config.apiKeys, ...stored])] };
}

/** True when the server at this address may be the service as it is installed, which is about to be started anew. */
async function isService(unit: ServiceUnit, { host, port }: Config): Promise<boolean> {
  const text = await readFile(unit.file, unit.encoding).catch(() => undefined);
  if (text === undefined) return false;
  const installed = readAddress(text);
  if (installed.host !== host || installed.port !== port) return false;
  // No state is known where the system's words are not English.
  const state = unit.readState(await readState(unit.status)) ?? "active";
  return /^(?:active|running)$/i.test(state);
}

/** Says why the address cannot be had; undefined when it can, or the service has it. */
async function toPortProblem(unit: ServiceUnit, config: Config): Promise<string | undefined> {
  const state = await askPort(config);
  const isSocket = toSocketPath(config.host) !== undefined;
  const [name, option] = isSocket ? [config.host, "--host"] : [`port ${config.port}`, "--port"];
  const another = `choose another with ${option}`;
  switch (state.type) {
    case "free":
      return undefined;
    case "ours":
      if (await isService(unit, config)) return undefined;
      return `${name} has a claude-max-api that is not this service. Stop it first, or ${another}`;
    case "locked":
      return `${name} has a claude-max-api with another key. Set CLAUDE_MAX_API_API_KEY to that, or ${another}`;
    case "taken":
      return `${name} is taken by ${state.holder ?? "another program"}. Stop that program, or ${another}`;
    case "refused":
      return `${toRefusal(state.code, config)}. Choose another with ${state.code === "EACCES" ? option : "--host"}`;
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Writes the files and tells the system; a failure takes both back. @returns the variables written, by name. @throws
 * StepError.
 */
async function writeAndStart(unit: ServiceUnit, command: ServiceCommand): Promise<readonly string[] | undefined> {
  const env = await toEnvText(command);
  await runSteps(unit.check);
  const isNew = !(await isThere(unit.file));
  const changes = createChanges();
  try {
    if (env.text !== undefined) await changes.replaceFile(env.path, env.text, "utf8");
    await changes.replaceFile(unit.file, unit.text, unit.encoding);
    if (unit.folder !== undefined) await changes.addFolder(unit.folder);
    await runSteps(unit.install);
  } catch (error) {
    if (isNew) await runSteps(unit.uninstall);
    await changes.undo();
    await runSteps(unit.forget);
    throw error;
  }
  return env.text === undefined ? undefined : Object.keys(parseVariables(env.text));
}

/** Tells what was written, and what was not. */
function report(unit: ServiceUnit, command: ServiceCommand, names: readonly string[] | undefined): void {
  const path = toEnvFile(command);
  console.log(`installed ${unit.file}`);
  if (names !== undefined) console.log(`variables ${path}${names.length > 0 ? `: ${names.join(", ")}` : ""}`);
  const left = findCredentials(command.config.environment).filter((name) => !names?.includes(name));
  if (left.length > 0)
    console.log(
      `note: ${left.join(" and ")} of this shell is not carried over; to use it in the service, add it to ${path}`,
    );
  if (unit.hint !== undefined) console.log(unit.hint);
}

/** Installs the service and starts it, in place of an earlier one. @returns whether it runs. @throws StepError. */
export async function install(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  const config = await addStoredKeys(command);
  const problem = await toPortProblem(unit, config);
  if (problem !== undefined) {
    console.error(`Cannot install: ${problem}`);
    return false;
  }
  report(unit, command, await writeAndStart(unit, command));
  const isAnyPort = config.port === 0 && toSocketPath(config.host) === undefined;
  const isUp = isAnyPort || (await awaitServer(config));
  if (isUp) console.log(`running${isAnyPort ? "" : ` on ${toLocalUrl(config)}`}`);
  else console.log("It does not answer yet: see claude-max-api service logs");
  return isUp;
}

/** Ends and removes the service. The variables stay, and it says so; nothing installed is no failure. */
export async function uninstall(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  const wasThere = await isThere(unit.file);
  await runSteps(unit.uninstall);
  await rm(unit.file, { force: true });
  if (wasThere) await runSteps(unit.forget);
  const envFile = toEnvFile(command);
  const kept = (await isThere(envFile)) ? `; ${envFile} is kept, with your keys` : "";
  console.log(`${wasThere ? `removed ${unit.file}` : "not installed"}${kept}`);
  return true;
}
