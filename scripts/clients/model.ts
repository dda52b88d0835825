/**
 * The obedient model of the client tests: it does with the client's own shell what the prompt says, then tells that it
 * has.
 */
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { ApiCall, Step } from "../../test/helpers/upstream.ts";

/** A prompt that has the model write a word to a file with the client's shell. */
export const toPrompt = (word: string, file: string): string =>
  `Write the word ${word} to the file ${file}. RUN-${word}`;

/** The words the model ends the task with. */
const toDone = (word: string): string => `WROTE-${word}`;

/** True for a request of the task itself: titles and the like carry no tools, and go on from no other. */
export function isTaskRequest(body: JsonObject): boolean {
  const { tools } = body;
  const isGoingOn = typeof body["previous_response_id"] === "string";
  return Array.isArray(tools) && tools.length > 0 && (isGoingOn || JSON.stringify(body).includes("RUN-"));
}

/** The client's shell; `StructuredOutput` is the CLI's own tool, for a call that a client insists on. */
const SHELLS =
  /^StructuredOutput$|^mcp__client__(?:mcp__own__)?(bash|shell|exec|exec_command|run_shell_command|run_commands|run_terminal_command|execute_command|terminal)$/i;

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
  const prompts = toText(body.messages[at]?.content).matchAll(/the word (\w+) to the file (\S+)\. RUN-/g);
  const [, word = "", file = ""] = [...prompts].at(-1) ?? [];
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
