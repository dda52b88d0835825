/** Edits of JSON files, with comments or as JSON5, by position. */
import type { Step, Value } from "../../../client/client.ts";
import { formatJson, toNested } from "../../../client/format.ts";
import { isObject } from "../../../lib/json.ts";
import { applySplices, EditError, formatPath, toBreak, toIndent } from "./edit.ts";
import type { Editor, Splice } from "./edit.ts";
import { scan } from "./scan.ts";
import type { Member, Node } from "./scan.ts";

/** One indent as the file has it: that of its first indented line, else two blanks. */
function toUnit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}

function findMember(node: Node, step: Step): Member | undefined {
  const isArray = Array.isArray(node.value);
  if (!node.members || isArray === (typeof step === "string")) throw new EditError("it is not of the expected kind");
  // Of keys that are there twice, the last one counts.
  return node.members.findLast(({ key, node: held }) =>
    typeof step === "string" ? key === step : isObject(held.value) && held.value[step.key] === step.is,
  );
}

/** The lines of a value at an indent, the first one after what stands before it. */
function format(text: string, value: Value, indent: string): string {
  return formatJson(value, toUnit(text)).join(toBreak(text) + indent);
}

/** A value in the place of another that begins there. */
export function formatAt(text: string, value: Value, at: number): string {
  return format(text, value, toIndent(text, at));
}

/** Puts a member behind the last one, in the way in which the others stand. */
function append(text: string, holder: Node, step: Step, value: Value): Splice[] {
  const key = typeof step === "string" ? `${JSON.stringify(step)}: ` : "";
  const last = holder.members?.at(-1);
  const unit = toUnit(text);
  const line = toBreak(text);
  const outer = toIndent(text, holder.from);
  if (!last) {
    const inner = text.slice(holder.from + 1, holder.to - 1);
    const indent = outer + unit;
    const body = line + indent + key + format(text, value, indent);
    // Comments in an empty object stay where they are.
    return [{ from: holder.from + 1 + inner.trimEnd().length, to: holder.to - 1, text: body + line + outer }];
  }
  const isSpread = text.slice(holder.from, last.from).includes("\n");
  const indent = isSpread ? toIndent(text, last.from) : outer;
  // Behind the comments that follow the last member: they belong to it.
  const end = text.slice(0, holder.to - 1).trimEnd().length;
  const comma = holder.hasTrailingComma ? [] : [{ from: last.node.to, to: last.node.to, text: "," }];
  const tail = holder.hasTrailingComma && isSpread ? "," : "";
  const isAfterComment = /\/\/[^\n]*$/.test(text.slice(last.node.to, end));
  const start = isSpread || isAfterComment ? line + indent : " ";
  return [...comma, { from: end, to: end, text: start + key + format(text, value, indent) + tail }];
}

function toSplices(text: string, root: Node, path: readonly Step[], value: Value): Splice[] {
  let holder = root;
  for (const [at, step] of path.entries()) {
    const member = findMember(holder, step);
    if (!member) return append(text, holder, step, toNested(path.slice(at + 1), value));
    if (at === path.length - 1) {
      const { from, to } = member.node;
      return [{ from, to, text: formatAt(text, value, from) }];
    }
    holder = member.node;
  }
  throw new EditError("the path is empty");
}

/** JSON, JSON with comments, and JSON5. */
export const JSON_EDITOR: Editor = {
  parse: (text) => scan(text)?.value,
  set(text, path, value) {
    const root = scan(text);
    if (!root) throw new EditError("it is empty");
    try {
      return applySplices(text, toSplices(text, root, path, value));
    } catch (error) {
      if (error instanceof EditError) throw new EditError(`${formatPath(path)}: ${error.message}`);
      throw error;
    }
  },
};
