/**
 * Writes the lines between this program and the CLI in one turn to a file: `npm run record -- "Say hello" [--out FILE]
 * [--model NAME] [options of the program, such as --claude PATH or --demo]`. The file holds the conversation in clear,
 * and what the CLI says of the account: it is made private, and is not to be passed on unread.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { toTraceLine } from "./trace.ts";

/** Takes `name VALUE` out of the arguments. */
function takeOption(args: string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

const args = process.argv.slice(2);
const file = takeOption(args, "--out") ?? `turn-${Date.now()}.jsonl`;
const model = takeOption(args, "--model") ?? "claude-haiku-4";
const [prompt, ...options] = args;
if (prompt === undefined || prompt.startsWith("-")) {
  console.error('Cannot record: give the prompt first, as in `npm run record -- "Say hello"`');
  process.exit(2);
}

const program = ["--import", "tsx", "src/main.ts", "--port", "0", "--spares", "0", "--log-level", "trace"];
const child = spawn(process.execPath, [...program, ...options], { stdio: ["ignore", "pipe", "pipe"] });
process.once("exit", () => child.kill("SIGTERM"));
const lines: string[] = [];
createInterface({ input: child.stderr }).on("line", (entry) => {
  const line = toTraceLine(entry);
  if (line !== undefined) lines.push(line);
  else if (/ (?:warn|error) /.test(entry)) console.error(entry);
});
const ready = createInterface({ input: child.stdout });
const [first] = (await Promise.race([once(ready, "line"), once(child, "exit").then(() => [""])])) as [string];
const url = /http:\S+/.exec(first)?.[0];
if (url === undefined) process.exit(1);
const response = await fetch(`${url}/v1/chat/completions`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: prompt }] }),
});
await response.text();
// The CLI says more after the client has its answer: the end of the program is the end of the trace.
child.kill("SIGTERM");
await once(child, "close");
writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
console.log(`${lines.length} lines of a turn that was answered with ${response.status}: ${file}`);
if (!response.ok) process.exitCode = 1;
