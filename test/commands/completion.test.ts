/** Completion scripts: every command and option is in each, and the shells that are here accept them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { formatCompletion } from "../../src/commands/completion.ts";
import { COMMAND_ROWS, COMMANDS } from "../../src/config/commands.ts";
import { OPTION_ROWS } from "../../src/config/options.ts";
import { FAMILY_NAMES } from "../../src/core/model.ts";
import { hasProgram, runFile } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";

const SHELLS = COMMANDS.completion.words;

/** The line of a script that is for a command. */
const toCommandLine = {
  bash: (name: string) => new RegExp(`^ +${name}\\) words=`, "m"),
  zsh: (name: string) => new RegExp(`^ +command\\) .* '${name}\\[[^]*^ +${name}\\) _arguments `, "m"),
  fish: (name: string) => new RegExp(` -a ${name} -d `),
};

test("every command, word and option is in each script", () => {
  for (const shell of SHELLS) {
    const script = formatCompletion(shell);
    const rows = [...OPTION_ROWS.map(([, row]) => row), ...COMMAND_ROWS.flatMap(([, { options }]) => options)];
    const flags = [...rows.map(({ name }) => name), "help", "version"];
    for (const flag of flags)
      assert.match(script, new RegExp(shell === "fish" ? `-l ${flag}\\b` : `--${flag}\\b`), `${shell} ${flag}`);
    for (const [name, { words }] of COMMAND_ROWS) {
      assert.match(script, toCommandLine[shell](name));
      assert.ok(script.includes(words.join(" ")), `${shell} ${name}`);
    }
  }
});

test("the shells that are here read the scripts without complaint", async (t) => {
  const folder = makeFolder(t);
  for (const shell of SHELLS) {
    if (!(await hasProgram(shell))) continue;
    const file = join(folder, shell);
    await writeFile(file, formatCompletion(shell));
    const { code, stderr } = await runFile([shell, "-n", file]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  }
});

/** What bash offers after these words. */
async function complete(folder: string, words: readonly string[]): Promise<string[]> {
  const file = join(folder, "complete.bash");
  const asked = `COMP_WORDS=(claude-max-api ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _claude_max_api; printf '%s\\n' "\${COMPREPLY[@]}"`;
  await writeFile(file, `${formatCompletion("bash")}\n${asked}\n`);
  return (await runFile(["bash", file])).stdout.trim().split("\n");
}

test("bash completes a command, its words and its own options", async (t) => {
  const folder = makeFolder(t);
  assert.deepEqual(await complete(folder, ["doc"]), ["doctor"]);
  assert.deepEqual(await complete(folder, ["service", "un"]), ["uninstall"]);
  assert.deepEqual(await complete(folder, ["doctor", "--li"]), ["--live"]);
  assert.deepEqual(await complete(folder, ["--max-se"]), ["--max-sessions"]);
  assert.deepEqual(await complete(folder, ["completion", "--po"]), [""]);
  assert.deepEqual(await complete(folder, ["--tools", "w"]), ["web", "workspace"]);
  assert.deepEqual(await complete(folder, ["doctor", "--log-level", "t"]), ["trace"]);
  assert.deepEqual(await complete(folder, ["--tools", "=", "wo"]), ["workspace"]);
  assert.deepEqual(await complete(folder, ["--port", ""]), [""]);
});

test("after the name of an alias, each shell completes the families of models", async (t) => {
  const toLines = (shell: "zsh" | "fish", flag: string): string[] =>
    formatCompletion(shell)
      .split("\n")
      .filter((line) => line.includes(flag));
  const zsh = toLines("zsh", "--alias");
  assert.ok(zsh.length > 0 && zsh.every((line) => line.includes(`compadd ${FAMILY_NAMES.join(" ")} }`)));
  const fish = toLines("fish", "-l alias");
  assert.ok(fish.length > 0 && fish.every((line) => line.includes(`{${FAMILY_NAMES.join(",")}}`)));
  const folder = makeFolder(t);
  assert.deepEqual(await complete(folder, ["--alias", "gpt-4o", "=", "claude-s"]), ["claude-sonnet-4"]);
  assert.deepEqual(await complete(folder, ["--alias", "gpt-4o", "="]), FAMILY_NAMES);
  assert.deepEqual(await complete(folder, ["--alias", "g"]), [""]);
  if (!(await hasProgram("fish"))) return;
  const file = join(folder, "complete.fish");
  await writeFile(file, `${formatCompletion("fish")}\ncomplete -C "claude-max-api --alias gpt-4o=claude-s"\n`);
  const { stdout } = await runFile(["fish", "--no-config", file], { HOME: folder });
  assert.match(stdout, /^gpt-4o=claude-sonnet-4\b/);
});
