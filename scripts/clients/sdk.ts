/** A library as the task sees it: a script that takes its prompts on stdin, with the variables of a recipe. */
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CLIENTS, toBarePlace, toRecipe } from "../../src/client/table.ts";
import { WITH_VARIABLES } from "./agent.ts";
import { MODEL, PATIENCE_MS, toTail } from "./client.ts";
import type { Dialogue, Sdk, Setting } from "./client.ts";
import { fetchPackages } from "./install.ts";

const SCRIPTS = join(import.meta.dirname, "sdk");

/** The recipe as a file for a shell; an empty one for a script that has the settings itself. */
function toVariables({ variables }: Sdk, url: string): string {
  const recipe = CLIENTS.find(({ id }) => id === variables);
  return recipe === undefined ? "" : toRecipe(recipe, toBarePlace(url, "unused"));
}

/** Starts the script. @throws Error when npm fails. */
export function openSdk(client: Sdk, { home, cwd, url, env }: Setting): Dialogue {
  // A copy beside the packages: modules are looked for from where a script stands.
  const folder = join(home, "sdk");
  cpSync(SCRIPTS, folder, { recursive: true });
  symlinkSync(join(fetchPackages(client.packages), "node_modules"), join(folder, "node_modules"));
  const variables = join(home, "variables.sh");
  writeFileSync(variables, `${toVariables(client, url)}\n`);
  const script = ["node", join(folder, `${client.script}.mjs`), client.mode ?? client.protocol, MODEL, url];
  const child = spawn("sh", ["-c", WITH_VARIABLES, "sh", variables, ...script], { cwd, env, stdio: "pipe" });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const lines = createInterface({ input: child.stdout });
  const answers = new EventEmitter();
  // Whatever else an SDK prints is no answer.
  lines.on("line", (line) => (line.startsWith("answer ") ? answers.emit("answer") : (output += `${line}\n`)));
  const ended = once(child, "exit").then(([code, signal]) => `ended with ${String(signal ?? code)}: ${toTail(output)}`);
  return {
    async ask(prompt) {
      const answered = once(answers, "answer").then(() => undefined);
      const timer = setTimeout(() => child.kill(), PATIENCE_MS);
      child.stdin.write(`${JSON.stringify(prompt)}\n`);
      return Promise.race([answered, ended]).finally(() => clearTimeout(timer));
    },
    end: () => void child.kill(),
  };
}
