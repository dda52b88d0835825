import assert from "node:assert/strict";
import { test } from "node:test";
import { toClientName } from "../../src/meter/client.ts";

test("a client is named by the first word of its user agent, without a version", () => {
  for (const [userAgent, name] of [
    ["OpenAI/JS 7.57.0", "OpenAI/JS"],
    ["opencode/1.18.3 ai-sdk/provider-utils/3.0 runtime/bun/1.3", "opencode"],
    ["claude-cli/2.1.330 (external, cli)", "claude-cli"],
    ["curl/8.5.0", "curl"],
    ["python-httpx/0.27.0", "python-httpx"],
    ["codex_cli_rs/0.169.0 (Debian 12; x86_64)", "codex_cli_rs"],
    ["ollama/v0.9.1 (amd64 linux) Go/1.24", "ollama"],
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "browser"],
    ["node", "node"],
    ["", "unknown"],
    ["\u0000\u0007", "unknown"],
    ["<script>alert(1)</script>", "scriptalert"],
    ["x".repeat(300), "x".repeat(40)],
  ] as const)
    assert.equal(toClientName(userAgent), name);
  assert.equal(toClientName(undefined), "unknown");
});

test("the name of a key goes before the user agent", () => {
  assert.equal(toClientName("curl/8.5.0", "laptop"), "laptop");
});
