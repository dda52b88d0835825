/** Agents that are started with a file of this program's own, as none of the user's would do. */
import { lines, quote, toFirst, toKeyLine, toShellKey } from "./client.ts";
import type { Client } from "./client.ts";

/** Claude Code's name for a family: of others it goes on with the model that has answered, and another prompt. */
const toOwnName = (model: string): string => model.replace(/^claude-(opus|sonnet|haiku)-4$/, "$1");

const claudeCode: Client = {
  id: "claude-code",
  name: "Claude Code",
  commands: ["claude"],
  isConnectable: true,
  // A file of its own: the user's settings would be read by the CLI behind this server too, and lead it to itself.
  setup: {
    type: "own",
    file: "claude-code.json",
    where: "A settings file of its own, for claude --settings; auto mode asks once about the address",
    toText: ({ origin, key, keyFile, isWindows, model, isChosen }) =>
      `${JSON.stringify(
        {
          env: {
            ANTHROPIC_BASE_URL: origin,
            ...(keyFile === undefined ? { ANTHROPIC_AUTH_TOKEN: key } : {}),
          },
          ...(keyFile === undefined ? {} : { apiKeyHelper: toKeyLine(keyFile, isWindows) }),
          ...(isChosen ? { model: toOwnName(model) } : {}),
        },
        undefined,
        2,
      )}\n`,
  },
  toNext: (_place, file) => `claude --settings ${quote(file)}`,
};

const copilot: Client = {
  id: "copilot",
  name: "GitHub Copilot CLI",
  commands: ["copilot"],
  isConnectable: true,
  setup: {
    type: "own",
    file: "copilot.sh",
    where: "Variables for a shell",
    toText: (place) => {
      const { contextTokens, outputTokens } = toFirst(place);
      return lines(
        `export COPILOT_PROVIDER_BASE_URL=${quote(`${place.origin}/v1`)}`,
        `export COPILOT_PROVIDER_API_KEY=${toShellKey(place)}`,
        `export COPILOT_MODEL=${quote(place.model)}`,
        ...(contextTokens === undefined ? [] : [`export COPILOT_PROVIDER_MAX_PROMPT_TOKENS=${contextTokens}`]),
        ...(outputTokens === undefined ? [] : [`export COPILOT_PROVIDER_MAX_OUTPUT_TOKENS=${outputTokens}`]),
        "export COPILOT_OFFLINE=true",
        "",
      );
    },
  },
  toNext: (_place, file) => `. ${quote(file)} && copilot`,
};

/** Both. */
export const STARTED: readonly Client[] = [claudeCode, copilot];
