/** `service status` and `service logs`. */
import { open, readFile } from "node:fs/promises";
import type { ServiceCommand } from "../../config/command.ts";
import { askServer, toLocalUrl } from "../port.ts";
import type { ServerState } from "../port.ts";
import { addStoredKeys } from "./install.ts";
import { readOutput, readState } from "./steps.ts";
import { readAddress, readLogFile } from "./unit.ts";
import type { ServiceUnit } from "./unit.ts";

/** Of a log file, in bytes: some hundreds of lines. */
const TAIL_BYTES = 32 * 1024;

function toName(server: ServerState): string {
  return server.type === "ours" ? `claude-max-api ${server.version}` : "claude-max-api, which asks for another key,";
}

/**
 * Prints whether the service is installed, its state by the system's word, and whether its server answers. @returns the
 * last.
 */
export async function status(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  const text = await readFile(unit.file, unit.encoding).catch(() => undefined);
  if (text === undefined) {
    console.log("not installed: claude-max-api service install");
    return false;
  }
  const state = unit.readState(await readState(unit.status));
  const address = readAddress(text);
  const url = toLocalUrl(address);
  const server = await askServer(address, (await addStoredKeys(command)).apiKeys);
  console.log(`installed ${unit.file}`);
  console.log(`state     ${state ?? "unknown"}`);
  console.log(`server    ${server === undefined ? `no answer from ${url}` : `${toName(server)} on ${url}`}`);
  return server !== undefined;
}

/** The last whole lines of a file; undefined when there is none. */
async function readTail(path: string): Promise<string | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    const tail = buffer.toString("utf8", 0, bytesRead);
    return from > 0 ? tail.slice(tail.indexOf("\n") + 1) : tail;
  } finally {
    await file.close();
  }
}

/** Prints the newest lines of the log. @returns whether there is one. @throws StepError when it cannot be read. */
export async function logs(unit: ServiceUnit): Promise<boolean> {
  const installed = await readFile(unit.file, unit.encoding).catch(() => "");
  const file = readLogFile(installed) ?? unit.logFile;
  const text = file === undefined ? await readOutput(unit.logs ?? []) : await readTail(file);
  if (text === undefined) console.error(`Cannot read the log: ${file} is not there yet`);
  else process.stdout.write(text);
  return text !== undefined;
}
