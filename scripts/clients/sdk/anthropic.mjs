/** Anthropic's SDK: messages by its tool runner. */
import Anthropic from "@anthropic-ai/sdk";
import { BASH, MODEL, runShell, serve } from "./session.mjs";

const client = new Anthropic();

function messages() {
  let history = [];
  const { name, description, parameters } = BASH;
  const tools = [{ name, description, input_schema: parameters, run: runShell, parse: (input) => input }];
  return async (prompt) => {
    history.push({ role: "user", content: prompt });
    const runner = client.beta.messages.toolRunner({ model: MODEL, max_tokens: 4096, messages: history, tools });
    const last = await runner.runUntilDone();
    history = [...runner.params.messages];
    if (history.at(-1)?.role !== "assistant") history.push({ role: "assistant", content: last.content });
    return last.content.map(({ text = "" }) => text).join("");
  };
}

await serve({ messages });
