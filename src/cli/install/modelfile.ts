/** The models and their limits in a small private file, so that they are known right after a restart. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createModels } from "../../core/model.ts";
import type { CatalogueEntry, KnownModels, ModelLimits, Models } from "../../core/model.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";

/** The table of models, and the end of its file. */
export interface KeptModels {
  readonly models: Models;
  /** Settles when the last change is written. Never rejects. */
  close(): Promise<void>;
}

const isTokens = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value);

function isEntry(value: unknown): value is CatalogueEntry {
  if (!isObject(value)) return false;
  const { value: argument, id, name, hasFastMode } = value;
  const isNamed = typeof argument === "string" && typeof id === "string" && typeof name === "string";
  return isNamed && (hasFastMode === undefined || hasFastMode === true);
}

function isLimits(value: unknown): value is ModelLimits {
  return isObject(value) && isTokens(value["contextTokens"]) && isTokens(value["outputTokens"]);
}

/** Reads what the file holds; undefined when it is damaged. */
export function decodeModels(text: string): KnownModels | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const { catalogue, limits } = value;
  if (!Array.isArray(catalogue) || !catalogue.every(isEntry) || !isObject(limits)) return undefined;
  const pairs = Object.entries(limits).filter((pair): pair is [string, ModelLimits] => isLimits(pair[1]));
  return pairs.length === Object.keys(limits).length ? { catalogue, limits: Object.fromEntries(pairs) } : undefined;
}

/** The known models in a file; none when it is missing. A damaged file is set aside. Never rejects. */
export async function readModelFile(file: string, log: Log): Promise<KnownModels | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  const known = text === undefined ? undefined : decodeModels(text);
  if (text === undefined || known) return known;
  log.warn("the file of models is damaged and was set aside", { file, as: `${file}.damaged` });
  await rename(file, `${file}.damaged`).catch((error: unknown) => log.warn("rename", { cause: String(error) }));
  return undefined;
}

/** Makes the table of models from its file, and has the file follow it. Without a file nothing is kept. */
export async function keepModels(
  aliases: ReadonlyMap<string, string>,
  file: string | undefined,
  log: Log,
): Promise<KeptModels> {
  let writing: Promise<void> = Promise.resolve();

  async function write(path: string, known: KnownModels): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Renamed into place: a file cut short would be a damaged one.
      const next = `${path}.${process.pid}.new`;
      await writeFile(next, `${JSON.stringify(known)}\n`, { mode: 0o600 });
      await rename(next, path);
    } catch (error) {
      log.warn("cannot save models", { file: path, cause: String(error) });
    }
  }

  const models = createModels(aliases, (known) => {
    if (file !== undefined) writing = writing.then(() => write(file, known));
  });
  const known = file === undefined ? undefined : await readModelFile(file, log);
  if (known) models.restore(known);
  return { models, close: () => writing };
}
