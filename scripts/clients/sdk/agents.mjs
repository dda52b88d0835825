/** OpenAI's Agents SDK, with a session in memory. */
import { Agent, MemorySession, run, setOpenAIAPI, setTracingDisabled, tool } from "@openai/agents";
import { z } from "zod";
import { MODEL, serve, toZodTool } from "./session.mjs";

setTracingDisabled(true);

function begin(api) {
  setOpenAIAPI(api);
  const bash = tool(toZodTool(z));
  const agent = new Agent({ name: "Worker", instructions: "Do as you are told.", model: MODEL, tools: [bash] });
  const session = new MemorySession();
  return async (prompt) => (await run(agent, prompt, { session })).finalOutput;
}

await serve({ chat: () => begin("chat_completions"), responses: () => begin("responses") });
