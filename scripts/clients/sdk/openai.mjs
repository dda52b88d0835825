/** OpenAI's SDK: chat completions by its tool runner, responses by a chain of ids. */
import OpenAI from "openai";
import { BASH, MODEL, runShell, serve } from "./session.mjs";

const client = new OpenAI();

function chat() {
  let messages = [];
  const tools = [{ type: "function", function: { ...BASH, function: runShell, parse: JSON.parse } }];
  return async (prompt) => {
    messages.push({ role: "user", content: prompt });
    const runner = client.chat.completions.runTools({ model: MODEL, stream: true, messages, tools });
    const text = await runner.finalContent();
    messages = [...runner.messages];
    return text;
  };
}

function responses() {
  let previous;
  const tools = [{ type: "function", strict: true, ...BASH }];
  return async (prompt) => {
    let input = [{ role: "user", content: prompt }];
    for (;;) {
      const stream = client.responses.stream({ model: MODEL, tools, input, previous_response_id: previous });
      const response = await stream.finalResponse();
      previous = response.id;
      const calls = response.output.filter(({ type }) => type === "function_call");
      if (calls.length === 0) return response.output_text;
      input = calls.map((call) => ({
        type: "function_call_output",
        call_id: call.call_id,
        output: runShell(JSON.parse(call.arguments)),
      }));
    }
  };
}

await serve({ chat, responses });
