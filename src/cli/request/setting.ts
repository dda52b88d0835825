/** Settings that may differ from turn to turn in one process, and the control requests that change them. */
import { DEFAULT_THINKING } from "../../core/turn.ts";
import type { Turn } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toExtraBody } from "./native.ts";
import type { NativeTurn } from "./native.ts";

/** Variables that the CLI reads before each API call. */
type Variable = "CLAUDE_CODE_MAX_OUTPUT_TOKENS" | "CLAUDE_CODE_DISABLE_THINKING" | "CLAUDE_CODE_EXTRA_BODY";

/**
 * All settings of one turn, in the CLI's words. Each has a value, its default included, and a change sends every field,
 * so nothing of one turn stays for the next.
 */
export interface Settings {
  /** Fields of `apply_flag_settings`. An empty value in `env` sets the CLI's own default again. */
  readonly flags: {
    readonly effortLevel: Turn["effort"] | null;
    /** `null` switches it off (P26). */
    readonly fastMode: true | null;
    readonly env: Readonly<Record<Variable, string>>;
  };
  /** Fields of `set_max_thinking_tokens` (P24). `null` sets the CLI's own default again. */
  readonly thinking: {
    readonly max_thinking_tokens: number | null;
    readonly thinking_display: "summarized" | null;
  };
}

type SettingsTurn = NativeTurn & Pick<Turn, "effort" | "maxTokens" | "thinking" | "speed">;

/** The settings a turn asks for. A budget is told to every model: those without budgets leave it alone (P24). */
export function toSettings(turn: SettingsTurn): Settings {
  const { effort, maxTokens, thinking, speed } = turn;
  const extra = toExtraBody(turn);
  return {
    flags: {
      effortLevel: effort ?? null,
      fastMode: speed === "fast" ? true : null,
      env: {
        CLAUDE_CODE_MAX_OUTPUT_TOKENS: maxTokens === undefined ? "" : String(maxTokens),
        CLAUDE_CODE_DISABLE_THINKING: thinking.mode === "off" ? "1" : "",
        CLAUDE_CODE_EXTRA_BODY: Object.keys(extra).length === 0 ? "" : JSON.stringify(extra),
      },
    },
    thinking: {
      max_thinking_tokens: thinking.budgetTokens ?? null,
      thinking_display: thinking.mode === "shown" ? "summarized" : null,
    },
  };
}

/** The settings of a process that was told none. */
export const DEFAULT_SETTINGS: Settings = toSettings({
  effort: undefined,
  maxTokens: undefined,
  thinking: DEFAULT_THINKING,
  stop: [],
  tools: [],
  toolChoice: "auto",
  parallelCalls: true,
  format: { type: "text" },
});

/** The control requests that lead from the settings a process has to those it is to have; none when they are alike. */
export function toSettingsChange(from: Settings, to: Settings): JsonObject[] {
  const isSame = (name: keyof Settings): boolean => JSON.stringify(from[name]) === JSON.stringify(to[name]);
  return [
    ...(isSame("flags") ? [] : [{ subtype: "apply_flag_settings", settings: to.flags }]),
    ...(isSame("thinking") ? [] : [{ subtype: "set_max_thinking_tokens", ...to.thinking }]),
  ];
}
