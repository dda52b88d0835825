/** Settings for clients, ready to paste: the table of clients, as the page shows it. */
import type { Client } from "../client/client.ts";
import { CLIENTS, toBarePlace, toRecipe } from "../client/table.ts";

/** One client's settings. */
export interface Recipe {
  readonly name: string;
  /** The file they go into, or what is done with them. */
  readonly where: string;
  /** The command that does it, where there is one. */
  readonly command: string | undefined;
  /** The text for a server at this address, with this key. */
  toText(origin: string, key: string): string;
}

function toPageRecipe(client: Client): Recipe {
  const { id, name, setup, isConnectable } = client;
  return {
    name,
    where: setup.where,
    command: isConnectable ? `claude-max-api connect ${id}` : undefined,
    toText: (origin, key) => toRecipe(client, toBarePlace(origin, key)),
  };
}

/** The clients in the order of the page. */
export const RECIPES: readonly Recipe[] = CLIENTS.map(toPageRecipe);
