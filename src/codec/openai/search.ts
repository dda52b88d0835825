/** The hosted web search, as OpenAI's protocols word it. */
import type { Fields } from "../field.ts";

const SEARCH = /^web_search(_preview)?(_\d{4}_\d{2}_\d{2})?$/;

/** True for the type of a tool, or of a choice of one, that is the web search. */
export function isSearchType(type: unknown): boolean {
  return typeof type === "string" && SEARCH.test(type);
}

const USUAL_SIZE = "medium";

/** Paths of a search's limits: the CLI's search has none, so all that ask for something are ignored. */
export function listSearchLimits(search: Fields): string[] {
  search.accept("type", "external_web_access");
  if (search.object["search_context_size"] === USUAL_SIZE) search.accept("search_context_size");
  return search.unread();
}
