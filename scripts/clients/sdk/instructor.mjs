/** Instructor: the model fills in an object, and the script runs the command that it holds. */
import Instructor from "@instructor-ai/instructor";
import OpenAI from "openai";
import { z } from "zod";
import { MODEL, runShell, serve } from "./session.mjs";

function chat() {
  const client = Instructor({ client: new OpenAI(), mode: "TOOLS" });
  const messages = [];
  const schema = z.object({ command: z.string() });
  return async (prompt) => {
    messages.push({ role: "user", content: prompt });
    const input = await client.chat.completions.create({
      model: MODEL,
      messages,
      response_model: { schema, name: "bash" },
    });
    messages.push({ role: "assistant", content: JSON.stringify({ command: input.command }) });
    return runShell(input);
  };
}

await serve({ chat });
