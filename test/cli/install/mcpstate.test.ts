/** The states of the owner's MCP servers: which are kept, and which are told in the log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMcpStates } from "../../../src/cli/install/mcpstate.ts";
import type { McpServerState } from "../../../src/core/mcp.ts";
import { createLog } from "../../../src/lib/log.ts";

test("a failing server of the owner's is warned of once until it fails differently, and a request's never", () => {
  const lines: string[] = [];
  const states = createMcpStates(
    [{ name: "own", config: {} }],
    createLog("warn", (line) => lines.push(line)),
  );
  const fail = (name: string, error: string): McpServerState => ({ name, status: "failed", tools: [], error });
  for (const error of ["refused", "refused", "timed out"]) states.record([fail("own", error), fail("asked", error)]);
  assert.deepEqual(
    lines.map((line) => line.replace(/.*not connected /, "")),
    ["server=own status=failed cause=refused", 'server=own status=failed cause="timed out"'],
  );
  assert.deepEqual(states.read(), [{ name: "own", status: "failed", tools: [], error: "timed out" }]);
});
