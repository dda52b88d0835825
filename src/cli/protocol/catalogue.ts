/** The account's models, as the CLI tells of them: the list it answers set-up with, the limits it ends turns with. */
import type { CatalogueEntry, KnownModels, ModelLimits } from "../../core/model.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

/** The models of such an answer; none where it lists none. An entry without an id of its own is named by its value. */
export function toCatalogue(response: JsonObject): CatalogueEntry[] {
  const models: unknown = response["models"];
  if (!Array.isArray(models)) return [];
  return models.flatMap((model: unknown) => {
    if (!isObject(model)) return [];
    const { value, resolvedModel, displayName, supportsFastMode } = model;
    if (typeof value !== "string") return [];
    const id = typeof resolvedModel === "string" ? resolvedModel : value;
    const name = typeof displayName === "string" ? displayName : id;
    return [{ value, id, name, ...(supportsFastMode === true ? { hasFastMode: true } : {}) }];
  });
}

/** Limits of one model; the CLI guesses those of a model that it does not know, and says so of the price alone. */
function toModelLimits(usage: unknown): ModelLimits | undefined {
  if (!isObject(usage) || usage["costBasis"] === "unknown") return undefined;
  const { contextWindow, maxOutputTokens } = usage;
  if (typeof contextWindow !== "number" || typeof maxOutputTokens !== "number") return undefined;
  const isSound = contextWindow > 0 && maxOutputTokens > 0;
  return isSound ? { contextTokens: contextWindow, outputTokens: maxOutputTokens } : undefined;
}

/** Limits in a result's `modelUsage`, by the ids of its models; undefined when it tells of none. */
export function toLimits(usage: unknown): KnownModels["limits"] | undefined {
  const found = Object.entries(isObject(usage) ? usage : {}).flatMap(([id, held]): [string, ModelLimits][] => {
    const limits = toModelLimits(held);
    return limits ? [[id, limits]] : [];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
