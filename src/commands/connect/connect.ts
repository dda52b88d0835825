/** `connect`: sets a client up for this server, shows what it changes, and puts it back. */
import { access, readFile, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toPathFolders } from "../../cli/install/find.ts";
import type { Client, Machine, Place } from "../../client/client.ts";
import { CONNECTABLE, toRecipe } from "../../client/table.ts";
import type { ConnectCommand } from "../../config/command.ts";
import type { Config } from "../../config/config.ts";
import { ProxyError } from "../../core/error.ts";
import { diffLines, formatHunks } from "../../lib/diff.ts";
import { askServer } from "../port.ts";
import { confirm } from "./confirm.ts";
import { ConnectError, makeFolders, refuseReadOnly, removeTarget, replaceTarget, toCode } from "./file.ts";
import { KEY_NAME, toPlace, writeKey } from "./place.ts";
import { isConnected, planConnect, planUndo, toPath } from "./plan.ts";
import type { Plan, Subject } from "./plan.ts";
import { removeRecord, setCopyAside, toConnectFolder, writeRecord } from "./record.ts";

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** True when one of the client's programs, or the folder of its settings, is on this machine. */
async function isFound(subject: Subject): Promise<boolean> {
  const { client, machine } = subject;
  const isWindows = machine.platform === "win32";
  const folders = toPathFolders(machine.environment, isWindows);
  const endings = isWindows ? [".exe", ".cmd"] : [""];
  for (const command of client.commands) {
    if (command.startsWith("/") && (await isThere(command))) return true;
    for (const folder of folders)
      for (const ending of endings) if (await isThere(join(folder, command + ending))) return true;
  }
  const path = client.setup.type === "file" ? await toPath(subject) : undefined;
  // The home folder itself says nothing.
  return path !== undefined && dirname(path) !== machine.home && isThere(dirname(path));
}

async function list(toSubject: (client: Client) => Subject, place: Place): Promise<void> {
  for (const client of CONNECTABLE) {
    const subject = toSubject(client);
    const isByHand = client.setup.type === "text";
    const found = isByHand ? "by hand" : (await isFound(subject)) ? "found" : "not found";
    const connected = !isByHand && (await isConnected(subject, place)) ? "connected" : "";
    console.log(`  ${client.id.padEnd(16)}${found.padEnd(12)}${connected}`.trimEnd());
  }
  console.log(`
claude-max-api connect NAME sets one up for ${place.origin}: it shows the change first.
--print only shows it, --undo puts back what was there, --model MODEL makes that model the first.`);
}

/** The keys that a change may hold: the one of now, and the one that an earlier connect has written. */
async function readKeys({ key, keyFile }: Place, { folder }: Subject): Promise<string[]> {
  const written = await readFile(join(folder, KEY_NAME), "utf8").catch(() => "");
  return [...new Set([keyFile === undefined ? "" : key, written])].filter((held) => held !== "");
}

/** A key as it is, and as it stands in quotes. */
const toSpellings = (key: string): string[] => [JSON.stringify(key).slice(1, -1), key];

/** The key is not for a screen that others may see. */
function hideKeys(text: string, keys: readonly string[]): string {
  return keys.flatMap(toSpellings).reduce((held, spelling) => held.replaceAll(spelling, "(your key)"), text);
}

function showChange({ target, text, replacedKeys }: Plan, keys: readonly string[]): void {
  const before = target.text === undefined ? [] : target.text.split("\n");
  const link = target.file === target.path ? "" : `, a link to ${target.file}`;
  console.log(`${target.path}${link}${target.text === undefined ? " (new)" : ""}`);
  if (text === undefined) return console.log("  is taken away: it was not there before");
  const shown = formatHunks(before, diffLines(before, text.split("\n"))).map((line) => `  ${line.replace("\r", "")}`);
  console.log(hideKeys(shown.join("\n"), [...keys, ...replacedKeys]));
}

/** Other users of the machine can read the file, and the key stands in it. */
function isExposed({ target, text }: Plan, { key, keyFile }: Place): boolean {
  const isOpen = process.platform !== "win32" && (target.mode & 0o044) !== 0;
  return keyFile !== undefined && isOpen && toSpellings(key).some((spelling) => text?.includes(spelling));
}

/** Writes the file. The copy is made first: without one, there is nothing to put back. */
async function write({ client, folder }: Subject, place: Place, plan: Plan): Promise<void> {
  const { target, base, text = "", record, isAbandoned } = plan;
  const folders = await makeFolders(target);
  try {
    await writeKey(place);
    const aside = isAbandoned ? await setCopyAside(folder, client.id) : undefined;
    if (aside !== undefined)
      console.log(`note: what connect had written before was changed since, and stays; as the file was then: ${aside}`);
    const held = isAbandoned ? [] : (record?.folders ?? []);
    const all = [...new Set([...held, ...folders])];
    await writeRecord(folder, client.id, { file: target.file, before: base, after: text, folders: all });
  } catch (error) {
    await removeFolders(folders);
    throw new ConnectError(`Cannot keep a copy in ${folder}: ${toCode(error)}. ${target.path} is as it was`);
  }
  try {
    await replaceTarget(target, text);
  } catch (error) {
    await removeFolders(folders);
    await (record && !isAbandoned ? writeRecord(folder, client.id, record) : removeRecord(folder, client.id));
    throw error;
  }
}

/** Takes folders away; one that holds something by now stays. */
async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined);
}

async function connect(subject: Subject, place: Place, { config, isPrint }: ConnectCommand): Promise<void> {
  const { client } = subject;
  const plan = await planConnect(subject, place);
  const { target, text = "" } = plan;
  if (target.text === text) {
    // The key may be another by now, or its file gone.
    if (!isPrint) await writeKey(place);
    console.log(`${target.path} is as it should be`);
  } else {
    showChange(plan, await readKeys(place, subject));
    if (isExposed(plan, place))
      console.log(`note: other users can read this file, and the key is in it: chmod 600 ${target.file}`);
    if (isPrint) return;
    refuseReadOnly(target);
    if (!(await confirm("Write this?"))) return;
    await write(subject, place, plan);
    console.log(`written; claude-max-api connect ${client.id} --undo puts back what was there`);
  }
  const next = client.toNext?.(place, target.file);
  if (next !== undefined) console.log(`next: ${next}`);
  if ((await askServer(config, place.keyFile === undefined ? [] : [place.key]))?.type !== "ours")
    console.log(`note: no server answers on ${place.origin} with this key; start it with claude-max-api`);
}

async function undo(subject: Subject, place: Place, isPrint: boolean): Promise<void> {
  const plan = await planUndo(subject, place);
  const { target, text, record } = plan;
  showChange(plan, await readKeys(place, subject));
  if (isPrint) return;
  refuseReadOnly(target);
  if (!(await confirm("Write this?"))) return;
  if (text === undefined) await removeTarget(target);
  else {
    await makeFolders(target);
    await replaceTarget(target, text);
  }
  await removeFolders(record?.folders ?? []);
  await removeRecord(subject.folder, subject.client.id);
  console.log("put back");
}

function toMachine({ home, environment }: Config): Machine {
  return { home, environment, platform: process.platform };
}

async function run(command: ConnectCommand): Promise<void> {
  const { config, client: id, model, isPrint, isUndo } = command;
  const place = await toPlace(config, model);
  const folder = toConnectFolder(config.stateFolder);
  const toSubject = (client: Client): Subject => ({ client, machine: toMachine(config), folder });
  const client = CONNECTABLE.find((known) => known.id === id);
  if (!client) return list(toSubject, place);
  if (client.setup.type === "text") {
    if (isUndo) throw new ConnectError(`Cannot undo: ${client.name} is set up by hand`);
    if (!isPrint) await writeKey(place);
    return console.log(`${client.setup.where}:\n\n${toRecipe(client, place)}`);
  }
  return isUndo ? undo(toSubject(client), place, isPrint) : connect(toSubject(client), place, command);
}

/** Does what the command line asks; says in a sentence why it cannot. True when it was done. */
export async function runConnect(command: ConnectCommand): Promise<boolean> {
  try {
    await run(command);
    return true;
  } catch (error) {
    if (!(error instanceof ConnectError || error instanceof ProxyError)) throw error;
    console.error(error.message);
    return false;
  }
}
