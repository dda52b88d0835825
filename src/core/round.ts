/** Answers that calls to MCP servers part into rounds: calls, then their results, then what follows. */
import type { AssistantPart, Message, ToolResult } from "./turn.ts";

/** A part of an answer with calls to MCP servers: their results stand in it. */
export type RoundPart = AssistantPart | ToolResult;

/**
 * The messages of an answer, at least one: the model's, and between them the results that it was given. A call to an
 * MCP server that lacks its result is left out, and so is a result without a call before it.
 */
export function splitRounds(parts: readonly RoundPart[]): Message[] {
  const places = new Map(parts.flatMap((part, at) => (part.type === "result" ? [[part.id, at] as const] : [])));
  /** The servers of calls that are to have their results, by the calls' ids. */
  const open = new Map<string, string>();
  const messages: Message[] = [];
  let answer: AssistantPart[] = [];
  let results: ToolResult[] = [];

  function flush(): void {
    if (answer.length > 0) messages.push({ role: "assistant", content: answer });
    if (results.length > 0) messages.push({ role: "user", content: results });
    [answer, results] = [[], []];
  }

  for (const [at, part] of parts.entries()) {
    if (part.type === "result") {
      const server = open.get(part.id);
      if (server !== undefined) results.push({ ...part, server });
      open.delete(part.id);
      continue;
    }
    const server = part.type === "call" ? part.server : undefined;
    if (part.type === "call" && server !== undefined) {
      if ((places.get(part.id) ?? -1) < at) continue;
      open.set(part.id, server);
    }
    if (results.length > 0) flush();
    answer.push(part);
  }
  flush();
  return messages.length > 0 ? messages : [{ role: "assistant", content: [] }];
}

/** A result as one text, as protocols without images in results have it: an image is told by its type alone. */
export function toResultText(content: ToolResult["content"]): string {
  return content.map(toPartText).join("\n");
}

/** One part of a result as a text. */
export function toPartText(part: ToolResult["content"][number]): string {
  if (part.type === "text") return part.text;
  return part.source.type === "url" ? `[image: ${part.source.url}]` : `[image: ${part.source.mediaType}]`;
}

/**
 * The messages of a conversation, gathered so that an answer is one step with all of its rounds, and each message of
 * the user's is another.
 */
export function* toSteps(messages: readonly Message[]): Generator<readonly Message[], void> {
  let answer: Message[] = [];
  for (const message of messages) {
    const isRound = message.role === "user" && answer.length > 0 && isServed(message);
    const isNext = message.role === "assistant" && answer.at(-1)?.role === "user";
    if (answer.length > 0 && !isRound && !isNext) {
      yield answer;
      answer = [];
    }
    if (message.role === "user" && !isRound) yield [message];
    else answer.push(message);
  }
  if (answer.length > 0) yield answer;
}

/** True when a message holds results of calls to MCP servers, and nothing else. */
function isServed({ content }: Message): boolean {
  return content.length > 0 && content.every((part) => part.type === "result" && part.server !== undefined);
}
