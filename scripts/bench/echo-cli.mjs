#!/usr/bin/env node
/**
 * A CLI that speaks stream-json and costs little for each byte: it answers with the user's text, or, when ECHO_DELTAS is
 * set, with so many deltas, as fast as its stdout takes them.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [command] = process.argv.slice(2);

if (command === "--version") {
  const { devDependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  console.log(`${devDependencies["@anthropic-ai/claude-code"]} (Claude Code)`);
  process.exit(0);
}
if (command === "auth") {
  console.log(JSON.stringify({ loggedIn: true, authMethod: "fake", apiProvider: "firstParty" }));
  process.exit(0);
}

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const event = (held) => write({ type: "stream_event", event: held, parent_tool_use_id: null });
const delta = (text) => event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });

async function flood(count) {
  for (let at = 0; at < count; at++) {
    if (!delta(`${at} `)) await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
}

async function answer(text) {
  event({ type: "message_start", message: { model: "claude-fake-1", usage: { input_tokens: 3, output_tokens: 1 } } });
  event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
  if (process.env.ECHO_DELTAS) await flood(Number(process.env.ECHO_DELTAS));
  else delta(text);
  event({ type: "content_block_stop", index: 0 });
  event({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } });
  event({ type: "message_stop" });
  const end = { terminal_reason: "completed", api_error_status: null, result: "" };
  write({ type: "result", subtype: "success", is_error: false, ...end });
}

function toText(content) {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const message = JSON.parse(line);
  if (message.type === "control_request") {
    const response = { subtype: "success", request_id: message.request_id, response: { models: [] } };
    write({ type: "control_response", response });
  } else if (message.type === "user") void answer(toText(message.message.content));
});
lines.on("close", () => process.exit(0));
