/** Token counts as the CLI passes them on from the Messages API. Source: https://docs.claude.com/en/api/messages */
import type { CacheWrites } from "../../core/event.ts";
import { isObject, numberOf } from "../../lib/json.ts";
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

const toObject = (value: unknown): JsonObject => (isObject(value) ? value : {});

function toCacheWrites(split: unknown): Pick<WireUsage, "cacheWrites"> {
  if (!isObject(split)) return {};
  const [fiveMinutes, oneHour] = [
    numberOf(split["ephemeral_5m_input_tokens"]),
    numberOf(split["ephemeral_1h_input_tokens"]),
  ];
  if (fiveMinutes === undefined && oneHour === undefined) return {};
  return { cacheWrites: { fiveMinutes: fiveMinutes ?? 0, oneHour: oneHour ?? 0 } };
}

/** Reads the counts of one message, or of a part of it. */
export function toUsage(usage: JsonObject): WireUsage {
  const { service_tier: tier, speed } = usage;
  const thinking = numberOf(toObject(usage["output_tokens_details"])["thinking_tokens"]);
  return {
    input: numberOf(usage["input_tokens"]),
    cacheCreation: numberOf(usage["cache_creation_input_tokens"]),
    cacheRead: numberOf(usage["cache_read_input_tokens"]),
    output: numberOf(usage["output_tokens"]),
    ...(thinking === undefined ? {} : { thinking }),
    ...toCacheWrites(usage["cache_creation"]),
    ...(typeof tier === "string" ? { serviceTier: tier } : {}),
    ...(typeof speed === "string" ? { speed } : {}),
  };
}
