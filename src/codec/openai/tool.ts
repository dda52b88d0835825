/** The choice among tools, as OpenAI's protocols word it. */
import type { Tool } from "../../core/turn.ts";
import { toFields, toOneOf } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toAllowedChoice, toKnownName, toNamedChoice, toPlainChoice, toToolList } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

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

/** Some of the tools, the others hidden. Hosted tools among them are passed by: they are not held back. */
function readAllowed(tools: readonly Tool[], allowed: Fields, { toNamed }: ChoiceForm): ToolSelection {
  const mode = allowed.required("mode", toMode);
  const toName = toKnownName(tools);
  const path = allowed.pathOf("tools");
  const names = allowed.required("tools", toToolList).flatMap((held, at) => {
    const entry = toFields(held, `${path}[${at}]`);
    const { type } = entry.object;
    return type === undefined || type === "function" ? [toNamed(entry).required("name", toName)] : [];
  });
  return toAllowedChoice(tools, names, mode, allowed.path);
}

/** Reads a choice: a word, a function by name, or some tools that are allowed. */
export function toChoice(tools: readonly Tool[], form: ChoiceForm): Reader<ToolSelection> {
  return (value, path) => {
    if (typeof value === "string") return toPlainChoice(tools, toWord(value, path), path);
    const choice = toFields(value, path);
    return choice.required("type", toType) === "function"
      ? toNamedChoice(tools, form.toNamed(choice))
      : readAllowed(tools, form.toAllowed(choice), form);
  };
}
