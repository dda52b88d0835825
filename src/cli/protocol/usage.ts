/** Token counts as the CLI passes them on from the Messages API. Source: https://docs.claude.com/en/api/messages */
import type { CacheWrites } from "../../core/event.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

/** Token counts as the Messages API words them; absent ones were not said. */
export interface WireUsage {
  readonly input: number | undefined;
  readonly cacheCreation: number | undefined;
  readonly cacheRead: number | undefined;
  readonly output: number | undefined;
  /** Those of the output that were thinking; absent where the API does not tell. */
  readonly thinking?: number;
  readonly cacheWrites?: CacheWrites;
  readonly serviceTier?: string;
  readonly speed?: string;
}

/** The number under `key`, if it is one. */
function number(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" ? value : undefined;
}

const toObject = (value: unknown): JsonObject => (isObject(value) ? value : {});

function toCacheWrites(split: unknown): Pick<WireUsage, "cacheWrites"> {
  if (!isObject(split)) return {};
  const [fiveMinutes, oneHour] = [
    number(split, "ephemeral_5m_input_tokens"),
    number(split, "ephemeral_1h_input_tokens"),
  ];
  if (fiveMinutes === undefined && oneHour === undefined) return {};
  return { cacheWrites: { fiveMinutes: fiveMinutes ?? 0, oneHour: oneHour ?? 0 } };
}

/** Reads the counts of one message, or of a part of it. */
export function toUsage(usage: JsonObject): WireUsage {
  const { service_tier: tier, speed } = usage;
  const thinking = number(toObject(usage["output_tokens_details"]), "thinking_tokens");
  return {
    input: number(usage, "input_tokens"),
    cacheCreation: number(usage, "cache_creation_input_tokens"),
    cacheRead: number(usage, "cache_read_input_tokens"),
    output: number(usage, "output_tokens"),
    ...(thinking === undefined ? {} : { thinking }),
    ...toCacheWrites(usage["cache_creation"]),
    ...(typeof tier === "string" ? { serviceTier: tier } : {}),
    ...(typeof speed === "string" ? { speed } : {}),
  };
}
