/** Vercel's AI SDK with its providers, each of which reads its own variables, but for the compatible one. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { isStepCount, jsonSchema, streamText, tool } from "ai";
import { BASH, MODEL, runShell, serve } from "./session.mjs";

const { OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: apiKey } = process.env;

function begin(model) {
  const messages = [];
  const bash = tool({
    description: BASH.description,
    inputSchema: jsonSchema(BASH.parameters),
    execute: async (input) => runShell(input),
  });
  return async (prompt) => {
    messages.push({ role: "user", content: prompt });
    const result = streamText({ model, messages, tools: { bash }, stopWhen: isStepCount(5) });
    const text = await result.text;
    messages.push(...(await result.responseMessages));
    return text;
  };
}

await serve({
  chat: () => begin(createOpenAI().chat(MODEL)),
  responses: () => begin(createOpenAI().responses(MODEL)),
  compatible: () => begin(createOpenAICompatible({ name: "own", baseURL, apiKey, includeUsage: true })(MODEL)),
  messages: () => begin(createAnthropic()(MODEL)),
});
