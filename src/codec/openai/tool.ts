/** The choice among tools, as OpenAI's protocols word it. */
import type { Tool } from "../../core/turn.ts";
import { toFields, toOneOf } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toKnownName, toNamedChoice, toPlainChoice, toSearchChoice, toToolList } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";
import { isSearchType } from "./search.ts";

/** The place where a protocol nests a choice's fields. */
export interface ChoiceForm {
  /** The object that holds the `name` of a function; given a choice, or an entry of the allowed tools. */
  readonly toNamed: (holder: Fields) => Fields;
  /** The object that holds `mode` and `tools` of the allowed tools. */
  readonly toAllowed: (choice: Fields) => Fields;
}

const toWord = toOneOf(["none", "auto", "required"]);
const toType = toOneOf(["function", "allowed_tools"]);
const toMode = toOneOf(["auto", "required"]);

/** The tools that a request offers. */
interface Offered {
  readonly tools: readonly Tool[];
  /** The hosted web search is one of them, and is taken. */
  readonly webSearch: boolean;
}

/** Some of the tools, the others hidden. Hosted tools among them are passed by: they are not held back. */
function readAllowed({ tools, webSearch }: Offered, allowed: Fields, { toNamed }: ChoiceForm): ToolSelection {
  const mode = allowed.required("mode", toMode);
  const toName = toKnownName(tools);
  const path = allowed.pathOf("tools");
  const entries = allowed.required("tools", toToolList).map((held, at) => toFields(held, `${path}[${at}]`));
  const names = new Set(
    entries.flatMap((entry) => {
      const { type } = entry.object;
      return type === undefined || type === "function" ? [toNamed(entry).required("name", toName)] : [];
    }),
  );
  const hasSearch = webSearch && entries.some(({ object }) => isSearchType(object["type"]));
  const named = tools.filter(({ name }) => names.has(name));
  return toPlainChoice(named, mode, allowed.path, hasSearch);
}

/** Reads a choice: a word, a function by name, some tools that are allowed, or the web search if it is taken. */
export function toChoice(offered: Offered, form: ChoiceForm): Reader<ToolSelection> {
  const { tools, webSearch } = offered;
  return (value, path) => {
    if (typeof value === "string") return toPlainChoice(tools, toWord(value, path), path, webSearch);
    const choice = toFields(value, path);
    if (webSearch && isSearchType(choice.object["type"])) return toSearchChoice(tools);
    return choice.required("type", toType) === "function"
      ? toNamedChoice(tools, form.toNamed(choice))
      : readAllowed(offered, form.toAllowed(choice), form);
  };
}
