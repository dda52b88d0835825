/** Service tiers and sampling, as OpenAI's protocols word them: the tier `priority` is the fast mode of a model. */
import type { Usage } from "../../core/event.ts";
import type { Fields } from "../field.ts";
import { joinSettings, readSampling } from "../optional.ts";
import type { AskedSettings } from "../optional.ts";

/** OpenAI's temperatures go up to 2. */
const MOST_TEMPERATURE = 2;

/** Tiers that ask for nothing. */
const USUAL: readonly unknown[] = ["auto", "default"];
/** Both are names of one tier, which answers go by as `priority`. */
const FAST: readonly unknown[] = ["priority", "fast"];

/** Reads the sampling, in OpenAI's bounds. */
export function readOpenAiSampling(body: Fields): AskedSettings {
  return readSampling(body, MOST_TEMPERATURE);
}

/** Reads the tier; one that is not had here stays unread, and so is named as ignored. */
function readTier(body: Fields): AskedSettings {
  const { service_tier: tier } = body.object;
  const isFast = FAST.includes(tier);
  if (isFast || USUAL.includes(tier)) body.accept("service_tier");
  return isFast
    ? { turn: { speed: "fast" }, asked: { speed: [body.pathOf("service_tier")] } }
    : { turn: {}, asked: {} };
}

/** Reads the settings of Chat Completions and Responses that not every model has. */
export function readSettings(body: Fields): AskedSettings {
  return joinSettings(readOpenAiSampling(body), readTier(body));
}

/** The tier that has answered; undefined where the API does not tell. */
export function toServiceTier({ serviceTier, speed }: Usage): "default" | "priority" | undefined {
  if (serviceTier === "priority" || speed === "fast") return "priority";
  return serviceTier === undefined && speed === undefined ? undefined : "default";
}
