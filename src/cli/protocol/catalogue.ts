/** The account's models, as the CLI lists them in its answers to `initialize` and `list_models`. */
import type { CatalogueEntry } from "../../core/model.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

/** The models of such an answer; none where it lists none. An entry without an id of its own is named by its value. */
export function toCatalogue(response: JsonObject): CatalogueEntry[] {
  const models: unknown = response["models"];
  if (!Array.isArray(models)) return [];
  return models.flatMap((model: unknown) => {
    if (!isObject(model)) return [];
    const { value, resolvedModel, displayName } = model;
    if (typeof value !== "string") return [];
    const id = typeof resolvedModel === "string" ? resolvedModel : value;
    return [{ value, id, name: typeof displayName === "string" ? displayName : id }];
  });
}
