/**
 * The settings that a job's model does not take. That the API refuses sampling on some models shows only when it is
 * tried: this is the one memory of it, until the server stops.
 */
import { canThink } from "../core/model.ts";
import { OPTIONAL_SETTINGS, omitSettings } from "../core/turn.ts";
import type { OptionalSetting } from "../core/turn.ts";
import type { Job } from "./lease.ts";

/** A job as its model takes it. */
export interface Fitted {
  readonly job: Job;
  /** The settings that were asked for, and that it is played without. */
  readonly omitted: readonly OptionalSetting[];
}

/** Knows which settings the models take. */
export interface OptionalSettings {
  /** Leaves out the settings that would not reach the API, or are known to be refused there. */
  fit(job: Job): Fitted;
  /** Remembers that the API refuses sampling on this model; `model` is the CLI's name of it. */
  refuseSampling(model: string): void;
}

/** Facts of the models, each by the CLI's name of it. */
export interface OptionalSettingsOptions {
  /** The id that answers, as far as it is known. */
  readonly toModelId: (model: string) => string;
  readonly hasFastMode: (model: string) => boolean;
}

/** Models remembered: clients may name any. */
const MOST_MODELS = 200;

/** The job without these settings too. */
export function omitMore({ job, omitted }: Fitted, settings: readonly OptionalSetting[]): Fitted {
  if (settings.length === 0) return { job, omitted };
  return { job: { ...job, turn: omitSettings(job.turn, settings) }, omitted: [...omitted, ...settings] };
}

/** Makes a memory of no refusal. */
export function createOptionalSettings({ toModelId, hasFastMode }: OptionalSettingsOptions): OptionalSettings {
  /** Ids of models whose API refuses sampling. */
  const refused = new Set<string>();

  function isTaken(setting: OptionalSetting, { turn, model }: Job): boolean {
    if (setting === "speed") return hasFastMode(model);
    const id = toModelId(model);
    return (turn.thinking.mode === "off" || !canThink(id)) && !refused.has(id);
  }

  return {
    fit(job) {
      const asked = OPTIONAL_SETTINGS.filter((setting) => job.turn[setting] !== undefined);
      return omitMore(
        { job, omitted: [] },
        asked.filter((setting) => !isTaken(setting, job)),
      );
    },
    refuseSampling(model) {
      refused.add(toModelId(model));
      for (const oldest of refused) if (refused.size > MOST_MODELS) refused.delete(oldest);
    },
  };
}
