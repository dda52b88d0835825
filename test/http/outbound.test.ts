/** Hosts that requests may have this machine connect to: named ones, by https, and no private address by surprise. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AskedServer } from "../../src/codec/codec.ts";
import { createServerCheck, isPrivateAddress, toHostRule } from "../../src/http/outbound.ts";

const { signal } = new AbortController();
const asked = (url: string): AskedServer => ({
  server: { name: "s", config: {} },
  url: new URL(url),
  path: "tools[0].server_url",
});

/** The refusal of an address; undefined where it is allowed. Names have these addresses. */
async function refuse(url: string, hosts: string, addresses: readonly string[] = ["93.184.216.34"]) {
  const rules = hosts.split(",").map((text) => toHostRule(text) ?? assert.fail(text));
  const check = createServerCheck(rules, async () => addresses) ?? assert.fail();
  return check([asked(url)], signal).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

test("a rule is a host, with or without a port", () => {
  for (const [text, host, port] of [
    ["mcp.example.com", "mcp.example.com", undefined],
    ["MCP.Example.com.:8443", "mcp.example.com", 8443],
    ["h:443", "h", 443],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["::1", "::1", undefined],
    ["[::1]:8080", "::1", 8080],
    ["0x7f.1", "127.0.0.1", undefined],
  ] as const)
    assert.deepEqual(toHostRule(text), { host, port }, text);
  for (const text of ["https://h", "h/path", "user@h", "h?q", "*", "*.example.com", "h h", "h:99999", ""])
    assert.equal(toHostRule(text), undefined, text);
});

test("a server without rules lets no request name one", () => assert.equal(createServerCheck([]), undefined));

test("only a named host is allowed, on its port and by https", async () => {
  const hosts = "mcp.example.com,other.test:8443";
  assert.equal(await refuse("https://mcp.example.com/mcp?key=secret", hosts), undefined);
  assert.equal(await refuse("https://mcp.example.com.:443/", hosts), undefined);
  assert.equal(await refuse("https://other.test:8443/", hosts), undefined);
  for (const url of [
    "https://mcp.example.com:8443/?key=secret",
    "https://other.test/",
    "https://sub.mcp.example.com/",
    "https://example.com/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://localhost/",
  ])
    assert.match(
      (await refuse(url, hosts)) ?? "",
      /^Cannot use MCP server s: this server allows no connection to [^?]+;/,
    );
  assert.match((await refuse("http://mcp.example.com:443/", hosts + ",mcp.example.com:443")) ?? "", /by https$/);
});

test("a name with a private address is refused unless the address is named too", async () => {
  const url = "https://mcp.example.com/";
  for (const address of [
    "10.1.2.3",
    "127.0.0.1",
    "169.254.169.254",
    "::1",
    "fd00::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
  ])
    assert.match((await refuse(url, "mcp.example.com", ["93.184.216.34", address])) ?? "", /is no public address/);
  assert.equal(await refuse(url, "mcp.example.com,10.1.2.3", ["10.1.2.3"]), undefined);
  assert.match((await refuse(url, "mcp.example.com,10.1.2.3:8080", ["10.1.2.3"])) ?? "", /is no public address/);
});

test("an address that is named is allowed, and loopback also by http", async () => {
  const addresses = ["10.0.0.1"];
  for (const [url, host] of [
    ["http://127.0.0.1:8080/mcp", "127.0.0.1:8080"],
    ["http://127.0.0.1/mcp", "127.0.0.1"],
    ["http://localhost:8080/mcp", "localhost:8080"],
    ["http://[::1]:8080/mcp", "[::1]:8080"],
    ["https://10.0.0.5/mcp", "10.0.0.5"],
  ] as const)
    assert.equal(await refuse(url, host, addresses), undefined, url);
  assert.match((await refuse("http://10.0.0.5/mcp", "10.0.0.5")) ?? "", /by https$/);
  assert.match(
    (await refuse("http://127.0.0.1:8081/mcp", "127.0.0.1:8080")) ?? "",
    /no connection to 127\.0\.0\.1:8081/,
  );
});

test("a name without an address is refused, and a client that leaves ends the wait", async () => {
  const failing = createServerCheck([{ host: "h", port: undefined }], () => Promise.reject(new Error("ENOTFOUND")));
  await assert.rejects(failing?.([asked("https://h/")], signal) ?? Promise.resolve(), /address of h cannot be found/);
  const hanging = createServerCheck([{ host: "h", port: undefined }], () => new Promise(() => undefined));
  const left = AbortSignal.abort(new Error("left"));
  await assert.rejects(hanging?.([asked("https://h/")], left) ?? Promise.resolve(), /^Error: left/);
});

test("networks that are not the public internet are known in every spelling", () => {
  const hidden = ["0.0.0.0", "100.64.0.1", "172.31.0.1", "192.168.1.1", "224.0.0.1", "255.255.255.255", "::"];
  for (const address of [
    ...hidden,
    "::ffff:7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "::ffff:0:a00:1",
    "::127.0.0.1",
    "ff02::1",
    "2002:a00:1::",
  ])
    assert.ok(isPrivateAddress(address), address);
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
    assert.ok(!isPrivateAddress(address), address);
});
