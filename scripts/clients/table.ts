/** All clients that are run. */
import { AGENTS } from "./agents.ts";
import type { Client } from "./client.ts";
import { SDKS } from "./sdks.ts";

/** The agents, then the SDKs, in the order of the table. */
export const CLIENTS: readonly Client[] = [...AGENTS, ...SDKS];
