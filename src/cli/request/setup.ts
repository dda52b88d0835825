/**
 * The control requests that go before a turn: they set a fresh process up, and change the settings of one that is
 * known.
 */
import type { Turn } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toServerFields } from "../protocol/toolserver.ts";
import { DEFAULT_SETTINGS, toSettings, toSettingsChange } from "./setting.ts";
import type { Settings } from "./setting.ts";
import { toOfferedTools, toStructured } from "./structured.ts";

/**
 * A prompt that begins like the CLI's own first block would be taken for it, and replace it: a line break keeps it
 * text (P12).
 */
const CLI_OWN_MARK = "x-anthropic-billing-header:";

/** The request that sets a process up. Only the first one in a process counts (P10). */
function toInitialize(turn: Turn): JsonObject {
  const structured = toStructured(turn);
  return {
    subtype: "initialize",
    // An empty text means no system prompt at all; without the field the CLI sends 7 kB of its own (P11).
    systemPrompt: [turn.system.startsWith(CLI_OWN_MARK) ? `\n${turn.system}` : turn.system],
    ...toServerFields(toOfferedTools(turn)),
    ...(structured ? { jsonSchema: structured.schema } : {}),
  };
}

/**
 * The control requests before a turn, in order. `known` are the settings the process has; undefined before its first
 * turn. `model` is told at that first turn, unless the process was started with it: to be told again would leave words
 * in the prompt (P14).
 */
export function toSetUp(turn: Turn, model: string | undefined, known: Settings | undefined): JsonObject[] {
  const change = toSettingsChange(known ?? DEFAULT_SETTINGS, toSettings(turn));
  if (known) return change;
  return [toInitialize(turn), ...(model === undefined ? [] : [{ subtype: "set_model", model }]), ...change];
}
