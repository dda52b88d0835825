/** Ollama's package: chat, streamed. */
import { Ollama } from "ollama";
import { BASH, MODEL, runShell, serve } from "./session.mjs";

function chat() {
  const client = new Ollama({ host: process.env.OLLAMA_HOST });
  const messages = [];
  const tools = [{ type: "function", function: BASH }];

  async function ask() {
    const message = { role: "assistant", content: "" };
    for await (const part of await client.chat({ model: MODEL, messages, tools, stream: true })) {
      message.content += part.message.content;
      if (part.message.tool_calls) (message.tool_calls ??= []).push(...part.message.tool_calls);
    }
    messages.push(message);
    return message;
  }

  return async (prompt) => {
    messages.push({ role: "user", content: prompt });
    for (;;) {
      const { content, tool_calls: calls = [] } = await ask();
      if (calls.length === 0) return content;
      for (const { function: called } of calls)
        messages.push({ role: "tool", tool_name: called.name, content: runShell(called.arguments) });
    }
  };
}

await serve({ ollama: chat });
