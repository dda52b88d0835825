/** The table of clients: `connect`, the recipes of the documentation and the page's settings are made from it. */
import { AGENTS } from "./agent.ts";
import { EDITORS } from "./editor.ts";
import { formatDocument, toDocument } from "./format.ts";
import { BASICS, OTHERS } from "./other.ts";
import { STARTED } from "./own.ts";
import type { Client, Place } from "./client.ts";

/** All clients, in the order in which they are shown. */
export const CLIENTS: readonly Client[] = [...BASICS, ...STARTED, ...AGENTS, ...EDITORS, ...OTHERS];

/** Those that `connect` sets up. */
export const CONNECTABLE: readonly Client[] = CLIENTS.filter(({ isConnectable }) => isConnectable);

/** The models that clients are offered when the user names none. */
export const OFFERED: readonly string[] = ["claude-opus-4", "claude-sonnet-4", "claude-haiku-4"];
/** The one to begin with. */
export const FIRST_MODEL = "claude-sonnet-4";

/** A place whose models' limits are not known. */
export function toBarePlace(origin: string, key: string): Place {
  return { origin, key, model: FIRST_MODEL, isChosen: false, models: OFFERED.map((id) => ({ id })) };
}

/** The client's settings as a text to paste; those of a file as they are in one that was empty. */
export function toRecipe({ setup }: Client, place: Place): string {
  if (setup.type !== "file") return setup.toText(place).trimEnd();
  const document = toDocument(setup.toEdits(place));
  return document === undefined ? "" : formatDocument(document, setup.format).trimEnd();
}
