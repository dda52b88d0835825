/** LangChain.js: its agent with the chat models of two providers. */
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI } from "@langchain/openai";
import { createAgent, tool } from "langchain";
import { z } from "zod";
import { BASH, MODEL, runShell, serve } from "./session.mjs";

function begin(model) {
  const { name, description } = BASH;
  const bash = tool(async (input) => runShell(input), { name, description, schema: z.object({ command: z.string() }) });
  const agent = createAgent({ model, tools: [bash] });
  let messages = [];
  return async (prompt) => {
    ({ messages } = await agent.invoke({ messages: [...messages, { role: "user", content: prompt }] }));
    return messages.at(-1).text;
  };
}

await serve({
  chat: () => begin(new ChatOpenAI({ model: MODEL })),
  responses: () => begin(new ChatOpenAI({ model: MODEL, useResponsesApi: true })),
  messages: () => begin(new ChatAnthropic({ model: MODEL, streaming: true })),
});
