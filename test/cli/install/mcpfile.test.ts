/** Files of MCP servers: variables, several files, and every fault told in one sentence that names the file. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readMcpFiles } from "../../../src/cli/install/mcpfile.ts";
import { makeFolder } from "../../helpers/folder.ts";

const ENVIRONMENT = { TOKEN: "t0k3n", EMPTY: "" };

test("servers of all files are read, variables stand for their values, and the later of two names counts", async (t) => {
  const folder = makeFolder(t);
  const [first, second] = [join(folder, "1.json"), join(folder, "2.json")];
  const local = { command: "node", args: ["${TOKEN}"], env: { A: "${NO:-usual}", B: "x${EMPTY}y" }, timeout: 5 };
  writeFileSync(first, JSON.stringify({ mcpServers: { local, twice: { command: "old" } } }));
  const remote = { type: "http", url: "https://e.test/${TOKEN}", headers: { Authorization: "Bearer ${TOKEN}" } };
  writeFileSync(second, JSON.stringify({ mcpServers: { twice: { type: "sse", url: "https://e.test" }, remote } }));
  const servers = await readMcpFiles([first, second], ENVIRONMENT);
  assert.deepEqual(
    servers.map(({ name }) => name),
    ["local", "twice", "remote"],
  );
  assert.deepEqual(servers[0]?.config, {
    type: "stdio",
    command: "node",
    args: ["t0k3n"],
    env: { A: "usual", B: "xy" },
    timeout: 5,
  });
  assert.deepEqual(servers[1]?.config, { type: "sse", url: "https://e.test" });
  assert.deepEqual(servers[2]?.config["headers"], { Authorization: "Bearer t0k3n" });
});

const FAULTS: readonly (readonly [string, unknown, RegExp])[] = [
  ["no JSON", "{", /not JSON of the form/],
  ["no servers", { servers: {} }, /not JSON of the form/],
  ["our own name", { mcpServers: { client: { command: "x" } } }, /client is no name for a server here/],
  ["a name of two parts", { mcpServers: { a__b: { command: "x" } } }, /a__b is no name/],
  ["a server that is no object", { mcpServers: { a: 1 } }, /a is not an object/],
  ["no command", { mcpServers: { a: { args: [] } } }, /a has no command/],
  ["no address", { mcpServers: { a: { type: "http" } } }, /a has no url/],
  ["a server of a program", { mcpServers: { a: { type: "sdk", name: "a" } } }, /type other than stdio, http, sse/],
  ["arguments that are no texts", { mcpServers: { a: { command: "x", args: [1] } } }, /a\.args is not a list/],
  ["headers that are no texts", { mcpServers: { a: { type: "http", url: "x", headers: { b: 1 } } } }, /a\.headers/],
  ["a variable that is not set", { mcpServers: { a: { command: "${NOT_SET}" } } }, /variable NOT_SET is not set/],
];

test("a fault is one sentence that names the file", async (t) => {
  const path = join(makeFolder(t), "mcp.json");
  for (const [what, content, pattern] of FAULTS) {
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    const error = await readMcpFiles([path], ENVIRONMENT).catch((held: unknown) => held);
    assert.ok(error instanceof Error && error.message.startsWith(`Cannot use --mcp-config ${path}: `), what);
    assert.match(error.message, pattern, what);
  }
  await assert.rejects(readMcpFiles([`${path}.not`], {}), /ENOENT/);
});
