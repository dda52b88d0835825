/** The Claude Agent SDK, with the options of its recipe and a tool in this process. */
import { createSdkMcpServer, query, tool } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import { MODEL, ORIGIN, runShell, serve } from "./session.mjs";

function messages() {
  let session;
  const bash = tool("bash", "Runs a command in a shell", { command: z.string() }, async (input) => ({
    content: [{ type: "text", text: runShell(input) }],
  }));
  const own = createSdkMcpServer({ name: "own", tools: [bash], alwaysLoad: true });
  return async (prompt) => {
    const env = { ...process.env, ANTHROPIC_BASE_URL: ORIGIN, ANTHROPIC_AUTH_TOKEN: "unused" };
    const options = { model: MODEL, env, mcpServers: { own }, allowedTools: ["mcp__own__bash"], tools: [] };
    let text = "";
    for await (const message of query({ prompt, options: { ...options, ...(session ? { resume: session } : {}) } })) {
      if (message.type !== "result") continue;
      session = message.session_id;
      text = message.result ?? message.subtype;
    }
    return text;
  };
}

await serve({ messages });
