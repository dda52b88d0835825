/** The list of models in Anthropic's form. Source: https://docs.claude.com/en/api/models-list */
import type { ModelInfo } from "../../core/model.ts";
import { readLimit, refuse } from "../field.ts";

/** A model as Anthropic's list has it. */
export interface AnthropicModel {
  readonly type: "model";
  readonly id: string;
  readonly display_name: string;
  /**
   * RFC 3339. The CLI does not tell when a model came out: the epoch stands for "unknown", as in Anthropic's own API.
   */
  readonly created_at: string;
  /** In tokens; these two are absent until the model has answered once. */
  readonly max_input_tokens?: number;
  readonly max_tokens?: number;
}

/** A page of the list. */
export interface AnthropicModelList {
  readonly data: readonly AnthropicModel[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

const UNKNOWN_DATE = "1970-01-01T00:00:00Z";
const LARGEST_PAGE = 1000;

/** Makes one entry. */
export function toAnthropicModel({ id, name, limits }: ModelInfo): AnthropicModel {
  const told = limits ? { max_input_tokens: limits.contextTokens, max_tokens: limits.outputTokens } : {};
  return { type: "model", id, display_name: name, created_at: UNKNOWN_DATE, ...told };
}

/** The place of the model that the query's `name` names; undefined when it names none. */
function readPlace(models: readonly ModelInfo[], query: URLSearchParams, name: string): number | undefined {
  const id = query.get(name);
  if (id === null) return undefined;
  const place = models.findIndex((model) => model.id === id);
  return place === -1 ? refuse(name, `${id.slice(0, 60)} is not one of the models`) : place;
}

/**
 * Makes the page that `limit`, `after_id` and `before_id` ask for. @throws ProxyError `invalid_request` naming the
 * parameter.
 */
export function listModels(models: readonly ModelInfo[], query: URLSearchParams): AnthropicModelList {
  const limit = readLimit(query, LARGEST_PAGE);
  const after = readPlace(models, query, "after_id");
  const before = readPlace(models, query, "before_id");
  // A page before a model is the one right before it, so it is counted from there.
  const from = before === undefined ? (after ?? -1) + 1 : Math.max(0, before - limit);
  const to = before ?? Math.min(models.length, from + limit);
  const data = models.slice(from, to).map(toAnthropicModel);
  return {
    data,
    has_more: before === undefined ? to < models.length : from > 0,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}
