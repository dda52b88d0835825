/** A home with a client's settings in it, and connect run for it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { runConnect } from "../../../src/commands/connect/connect.ts";
import { readCommand } from "../../../src/config/command.ts";
import { makeFolder } from "../../helpers/folder.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/settings");

/** Real settings with comments: the client, its file below the home, and the fixture. */
export const SETTINGS = [
  ["opencode", ".config/opencode/opencode.jsonc", "opencode.jsonc"],
  ["opencode", ".config/opencode/opencode.json", "opencode-crlf.json"],
  ["openclaw", ".openclaw/openclaw.json", "openclaw.json5"],
  ["codex", ".codex/config.toml", "codex.toml"],
  ["continue", ".continue/config.yaml", "continue.yaml"],
  ["continue", ".continue/config.yaml", "continue-flat.yaml"],
  ["aider", ".aider.conf.yml", "aider.yml"],
  ["pi", ".pi/agent/models.json", "pi.json"],
  ["qwen-code", ".qwen/settings.json", "qwen.json"],
  ["zed", ".config/zed/settings.json", "zed.json"],
  ["vscode", ".config/Code/User/chatLanguageModels.json", "vscode.json"],
  ["cline", ".cline/data/settings/providers.json", "cline.json"],
] as const;

/** The text of a fixture. */
export const readFixture = (name: string): string => readFileSync(join(FIXTURES, name), "utf8");

/** A home, and what connect says there. */
export interface Home {
  readonly home: string;
  /** Writes a file below the home. */
  write(path: string, text: string): void;
  read(path: string): string;
  /** Runs `connect` with these words; gives its lines, errors included, and whether it was done. */
  connect(...words: string[]): Promise<{ isDone: boolean; lines: string }>;
}

/** Makes an empty home. */
export function makeHome(t: TestContext, environment: NodeJS.ProcessEnv = {}): Home {
  const home = makeFolder(t);
  const lines: string[] = [];
  for (const method of ["log", "error"] as const)
    t.mock.method(console, method, (line: unknown) => void lines.push(String(line)));
  return {
    home,
    write(path, text) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), text);
    },
    read: (path) => readFileSync(join(home, path), "utf8"),
    async connect(...words) {
      lines.length = 0;
      // A port that nothing listens on.
      const command = readCommand(["connect", "--port", "9", ...words], environment);
      if (command.type !== "connect") throw new Error(`not connect: ${command.type}`);
      const config = { ...command.config, home, stateFolder: join(home, ".claude-max-api"), environment };
      const isDone = await runConnect({ ...command, config });
      return { isDone, lines: lines.join("\n") };
    },
  };
}
