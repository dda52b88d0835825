/** LlamaIndex's agent with the models of two providers. */
import { Anthropic } from "@llamaindex/anthropic";
import { openai, openaiResponses } from "@llamaindex/openai";
import { agent } from "@llamaindex/workflow";
import { createMemory, tool } from "llamaindex";
import { z } from "zod";
import { MODEL, serve, toZodTool } from "./session.mjs";

function begin(llm) {
  const bash = tool(toZodTool(z));
  const worker = agent({ llm, tools: [bash], memory: createMemory() });
  return async (prompt) => (await worker.run(prompt)).data.result;
}

await serve({
  chat: () => begin(openai({ model: MODEL })),
  responses: () => begin(openaiResponses({ model: MODEL })),
  messages: () => begin(new Anthropic({ model: MODEL })),
});
