/**
 * The obedient model of the client tests: it does with the client's own shell what the prompt says, then tells that it
 * has.
 */
import { isObject } from "../../src/lib/json.ts";
import type { ApiCall, Step } from "../../test/helpers/upstream.ts";

/** A prompt that has the model write a word to a file with the client's shell. */
export const toPrompt = (word: string, file: string): string =>
  `Write the word ${word} to the file ${file}. RUN-${word}`;

/** The words the model ends the task with. */
export const toDone = (word: string): string => `WROTE-${word}`;

const SHELLS =
  /^mcp__client__(bash|shell|exec_command|run_shell_command|run_commands|run_terminal_command|execute_command|terminal)$/i;

function toText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as unknown[])
    .map((block) => (isObject(block) ? (typeof block["text"] === "string" ? block["text"] : "") : ""))
    .join("\n");
}

/** The shell's arguments for a command, as its schema wants them. */
function toInput(schema: unknown, command: string): object {
  const properties = isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {};
  const name = ["command", "commands", "cmd", "script"].find((key) => key in properties) ?? "command";
  const held = properties[name];
  const isList = isObject(held) && held["type"] === "array";
  const known: Record<string, unknown> = {
    description: "Writes a file",
    is_background: false,
    requires_approval: false,
  };
  const rest = Object.entries(known).filter(([key]) => key in properties);
  // A list is the words of one command, or several commands.
  const list = name === "commands" ? [command] : ["bash", "-lc", command];
  return { ...Object.fromEntries(rest), [name]: isList ? list : command };
}

/**
 * Where the last prompt stands, and what it asks for; side requests (titles and the like) carry no tools and are
 * answered with a word.
 */
function readTask({ body }: ApiCall): { at: number; word: string; file: string } | undefined {
  const at = body.messages.findLastIndex(({ role, content }) => role === "user" && /RUN-\w+/.test(toText(content)));
  const [, word = "", file = ""] =
    /the word (\w+) to the file (\S+)\. RUN-/.exec(toText(body.messages[at]?.content)) ?? [];
  return word === "" ? undefined : { at, word, file };
}

/** Calls the shell once for each prompt. */
export function obey(call: ApiCall): Iterable<Step> {
  const task = readTask(call);
  const shell = call.body.tools?.find(({ name }) => SHELLS.test(name));
  if (!task || !shell) return [{ text: "A title" }];
  const since = call.body.messages.slice(task.at);
  const hasResult = since.some(({ content }) => JSON.stringify(content).includes('"tool_result"'));
  if (hasResult) return [{ text: toDone(task.word) }];
  return [
    { text: "I shall." },
    // With output: an empty result ends the process, and would make every client cold that sends it as it is.
    { tool: shell.name, input: toInput(shell.input_schema, `printf ${task.word} > ${task.file}; cat ${task.file}`) },
  ];
}
