/** Fields of the API's own request that a turn asks for: the CLI merges them into the body of each call (P23). */
import type { Sampling, Turn } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toOfferedTools, toStructured } from "./structured.ts";
import type { ChoiceTurn } from "./structured.ts";

/** The part of a turn that the fields are made of. */
export type NativeTurn = ChoiceTurn & Pick<Turn, "stop" | "sampling" | "serviceTier">;

/** Stop sequences, by who ends the answer at them. */
export interface Stops {
  /** The API. Its answer ends exactly there, is counted, and leaves a process that goes on. */
  readonly native: readonly string[];
  /** This program, which cuts the text as it comes: it has to end the process with it. */
  readonly own: readonly string[];
}

/**
 * Parts the stop sequences. The API refuses those of white space alone, which clients that complete lines ask for. A
 * structured output is the input of a call, where the API looks for none.
 */
export function toStops(turn: NativeTurn): Stops {
  if (toStructured(turn)) return { native: [], own: turn.stop };
  const isBlank = (sequence: string): boolean => sequence.trim() === "";
  return { native: turn.stop.filter((sequence) => !isBlank(sequence)), own: turn.stop.filter(isBlank) };
}

/** The choice among tools that are in the prompt; undefined for the API's default, and where there are no tools. */
function toNativeChoice(turn: NativeTurn): JsonObject | undefined {
  if (toOfferedTools(turn).length === 0) return undefined;
  if (turn.toolChoice === "none") return { type: "none" };
  return turn.parallelCalls ? undefined : { type: "auto", disable_parallel_tool_use: true };
}

/** Sampling in the API's words. The API refuses it where the model thinks: the caller sees to that. */
function toSampling({ temperature, topP, topK }: Sampling): JsonObject {
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
  };
}

/** The fields of a turn; none for a plain one. */
export function toExtraBody(turn: NativeTurn): JsonObject {
  const { sampling, serviceTier } = turn;
  const { native } = toStops(turn);
  const choice = toNativeChoice(turn);
  return {
    ...(native.length === 0 ? {} : { stop_sequences: native }),
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(sampling === undefined ? {} : toSampling(sampling)),
    ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
  };
}
