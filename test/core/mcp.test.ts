/** MCP servers: their names, the choice of them, and the masking of their secrets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkClash, chooseServers, isMcpName, maskSecrets } from "../../src/core/mcp.ts";
import type { McpServer } from "../../src/core/mcp.ts";

const server = (name: string, config = {}): McpServer => ({ name, config });
const SERVERS = [server("a"), server("b")];
const names = (servers: readonly McpServer[]): string => servers.map(({ name }) => name).join();

test("a server's name has no double underscore, no dot and no reserved word: its tools are never taken for another's", () => {
  for (const name of ["a", "github", "my-server", "my_server", "A1", "x".repeat(64)]) assert.ok(isMcpName(name), name);
  for (const name of ["", "_a", "a_", "a__b", "a b", "a.b", "a,b", "é", "client", "none", "x".repeat(65)])
    assert.ok(!isMcpName(name), name);
});

test("a turn gets all servers, those it names, or none under the profile none", () => {
  assert.equal(names(chooseServers({ servers: SERVERS, profile: "web", asked: undefined })), "a,b");
  assert.equal(names(chooseServers({ servers: SERVERS, profile: "full", asked: ["b"] })), "b");
  assert.equal(names(chooseServers({ servers: SERVERS, profile: "web", asked: [] })), "");
  assert.equal(names(chooseServers({ servers: SERVERS, profile: "none", asked: undefined })), "");
  assert.equal(names(chooseServers({ servers: SERVERS, profile: "none", asked: [] })), "");
  assert.throws(() => chooseServers({ servers: SERVERS, profile: "web", asked: ["c"] }), /c: this server has a, b/);
  assert.throws(() => chooseServers({ servers: SERVERS, profile: "none", asked: ["a"] }), { kind: "forbidden" });
});

test("a client's tool named like one of a server's is refused, and one that is not is taken", () => {
  const tool = (name: string) => ({ name, description: "", schema: {} });
  assert.doesNotThrow(() => checkClash([tool("add"), tool("mcp__c__add")], SERVERS));
  assert.throws(() => checkClash([tool("mcp__a__add")], SERVERS), { kind: "invalid_request", param: "tools" });
});

test("no secret of a configuration stays in a text", () => {
  const config = {
    env: { TOKEN: "secret-one", MODE: "fast" },
    headers: { Authorization: "Bearer secret-two" },
    url: "https://user:secret-three@example.com/mcp?key=secret-four",
  };
  const byPath = server("b", { url: "https://example.com/s/secret-five/mcp" });
  assert.equal(maskSecrets("404 at https://example.com/s/secret-five/mcp", [byPath]), "404 at https://example.com…");
  const text = "fast: secret-one, secret-two, Bearer secret-two, secret-three, ?key=secret-four, secret-four";
  assert.doesNotMatch(maskSecrets(text, [server("a", config)]), /secret/);
  assert.match(maskSecrets(text, [server("a", config)]), /^fast: /);
  assert.equal(maskSecrets(text, [server("a")]), text);
});
