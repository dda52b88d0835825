/** Recipes with keys of any characters: what reads them gets the key as it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { parse } from "yaml";
import { CLIENTS, toBarePlace, toRecipe } from "../../src/client/table.ts";
import { runFile } from "../helpers/command.ts";
import { POSIX_ONLY } from "../helpers/processes.ts";

const KEYS = ["unused", `a"b'c$HOME\`x\\n#é: [`, "- x", "true"];

const toText = (id: string, key: string): string => {
  const client = CLIENTS.find((known) => known.id === id) ?? assert.fail(id);
  return toRecipe(client, toBarePlace("http://localhost:3456", key));
};

test("in a shell", POSIX_ONLY, async () => {
  for (const key of KEYS) {
    const echo = `curl() { printf '%s\\n' "$@"; }\n${toText("curl", key)}`;
    const words = (await runFile(["sh", "-c", echo])).stdout.split("\n");
    assert.ok(words.includes(`authorization: Bearer ${key}`), words.join("\n"));
    for (const [id, name] of [
      ["openai-sdk", "OPENAI_API_KEY"],
      ["anthropic-sdk", "ANTHROPIC_API_KEY"],
    ] as const) {
      const { stdout } = await runFile(["sh", "-c", `${toText(id, key)}\nprintf %s "$${name}"`]);
      assert.equal(stdout, key);
    }
  }
});

test("in YAML and JavaScript", () => {
  for (const key of KEYS) {
    const librechat = parse(toText("librechat", key)) as { endpoints: { custom: { apiKey: unknown }[] } };
    assert.equal(librechat.endpoints.custom[0]?.apiKey, key);
    const raycast = parse(toText("raycast", key)) as { providers: { api_keys: { openai: unknown } }[] };
    assert.equal(raycast.providers[0]?.api_keys.openai, key);
    const [env = ""] = toText("claude-agent-sdk", key).split("\n");
    assert.equal(runInNewContext(`${env}; env.ANTHROPIC_AUTH_TOKEN`), key);
  }
});
