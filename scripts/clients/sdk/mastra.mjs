/** Mastra's agent, with the address and key of the variables. */
import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";
import { BASH, MODEL, MODE, runShell, serve } from "./session.mjs";

function begin() {
  const bash = createTool({
    id: BASH.name,
    description: BASH.description,
    inputSchema: z.object({ command: z.string() }),
    execute: async (input) => runShell(input),
  });
  const { OPENAI_BASE_URL: url, OPENAI_API_KEY: apiKey } = process.env;
  const model = { id: `own/${MODEL}`, url, apiKey, api: MODE };
  const agent = new Agent({ id: "own", name: "own", instructions: "Do as you are told.", model, tools: { bash } });
  const messages = [];
  return async (prompt) => {
    messages.push({ role: "user", content: prompt });
    const output = await agent.stream(messages);
    const text = await output.text;
    messages.push(...(await output.response).messages);
    return text;
  };
}

await serve({ chat: begin, responses: begin });
