/** The CLI as it is started, over the fake one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createInstallation } from "../../../src/cli/install/installation.ts";
import type { Installation } from "../../../src/cli/install/installation.ts";
import type { McpServer } from "../../../src/core/mcp.ts";
import { createLog } from "../../../src/lib/log.ts";
import { makeFolder } from "../../helpers/folder.ts";
import { isRunning, killAny, LINUX_ONLY } from "../../helpers/processes.ts";
import { eventually } from "../../helpers/proxy.ts";

const FAKE_CLI = join(import.meta.dirname, "../../fixtures/fake-cli.sh");

/** An installation of the fake CLI; a process of it adds its pid, and its child's, to the file `pids`. */
function install(t: TestContext, servers: readonly McpServer[]): { installation: Installation; pids: string } {
  const folder = makeFolder(t);
  const pids = join(folder, "pids");
  const installation = createInstallation({
    find: {
      given: FAKE_CLI,
      environment: { ...process.env, FAKE_CLI: "deaf", FAKE_CLI_PIDS: pids },
      home: folder,
      program: join(folder, "none"),
    },
    folders: { workspace: folder, empty: folder },
    settingSources: "",
    servers,
    temporaryFolder: join(folder, "tmp"),
    notesFolder: join(folder, "notes"),
    maxProcesses: 1,
    activityMs: 60_000,
    onMcpStates: () => undefined,
    onCatalogue: () => undefined,
    onLimits: () => undefined,
    onPlan: () => undefined,
    log: createLog("error"),
  });
  t.after(() => installation.close());
  return { installation, pids };
}

test(
  "what a process of any kind has started ends with its crash where there are MCP servers",
  LINUX_ONLY,
  async (t) => {
    const { installation, pids } = install(t, [{ name: "local", config: { type: "stdio", command: "/bin/true" } }]);
    const readPids = (): number[] =>
      existsSync(pids) ? readFileSync(pids, "utf8").trim().split("\n").map(Number) : [];
    const session = { type: "replay", file: "/none", lastUuid: "none" } as const;
    const conversation = await installation.start({ tools: "web", model: "sonnet", session });
    await eventually("it and its child are there", () => readPids().length === 2);
    t.after(() => {
      killAny(readPids());
    });
    killAny(readPids().slice(0, 1));
    await conversation.gone;
    await eventually("its child is gone too", () => !readPids().some(isRunning));
  },
);
