/** The real CLI as a client, of the same release whichever answers: `claude -p` in a home of its own, told to use the proxy as its API. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import type { TestContext } from "node:test";
import { makeFolder } from "./folder.ts";
import { OWN_CLI } from "./cli.ts";

export interface ClaudeAnswer {
  readonly code: number | null;
  /** What `--output-format json` has printed. */
  readonly result: {
    readonly result: string;
    readonly is_error: boolean;
    readonly num_turns: number;
    readonly usage: Record<string, unknown>;
  };
}

/** Runs `claude -p PROMPT` against the proxy, and gives what it printed. */
export async function runClaude(
  t: TestContext,
  proxyUrl: string,
  prompt: string,
  args: readonly string[] = [],
): Promise<ClaudeAnswer> {
  const home = makeFolder(t);
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    TMPDIR: tmpdir(),
    ANTHROPIC_BASE_URL: proxyUrl,
    ANTHROPIC_API_KEY: "x",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
  };
  const child = spawn(OWN_CLI, ["-p", prompt, "--output-format", "json", ...args], {
    env,
    cwd: home,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (err += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (!out.startsWith("{")) throw new Error(`claude printed no JSON: ${out} ${err}`);
  return { code, result: JSON.parse(out) as ClaudeAnswer["result"] };
}
