/** The guard: which Host, which Origin and which key may ask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { ProxyError } from "../../src/core/error.ts";
import { createGuard, isLoopback } from "../../src/http/auth.ts";
import type { GuardOptions } from "../../src/http/auth.ts";

const LOCAL: GuardOptions = { host: "127.0.0.1", allowedHosts: [], allowedOrigins: [], keys: [] };

/** The kind of the refusal, or "in". */
function askWith(headers: IncomingHttpHeaders, options: Partial<GuardOptions> = {}): string {
  const guard = createGuard({ ...LOCAL, ...options });
  try {
    guard.checkOrigin(headers);
    guard.checkKey(headers);
    return "in";
  } catch (error) {
    assert.ok(error instanceof ProxyError);
    return error.kind;
  }
}

test("names and addresses of this machine are loopback, and no others", () => {
  for (const host of ["localhost", "127.0.0.1", "127.0.0.53", "127.255.255.254", "::1"])
    assert.equal(isLoopback(host), true, host);
  const others = [
    "",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "128.0.0.1",
    "localhost.evil.com",
    "evil-localhost",
    "127.0.0.1.evil.com",
    "127.1",
    "127.0.0.256",
    "x127.0.0.1",
    "::1.evil",
    "127.0.0.1\n",
  ];
  for (const host of others) assert.equal(isLoopback(host), false, host);
});

test("loopback hosts are let in, with and without port, in any case", () => {
  const hosts = [
    "localhost",
    "localhost:3456",
    "LOCALHOST:3456",
    "LocalHost",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.8.8.8:1",
    "[::1]",
    "[::1]:3456",
  ];
  for (const host of hosts) assert.equal(askWith({ host }), "in", host);
});

test("names that are not loopback are refused: DNS rebinding needs a name", () => {
  const hosts = [
    ...[
      "evil.com",
      "evil.com:3456",
      "localhost.evil.com:3456",
      "127.0.0.1.nip.io",
      "127.0.0.1.evil.com:3456",
      "foo.localhost.evil.com",
      "192.168.1.2:3456",
    ],
    ...[
      "[::2]:3456",
      "[fe80::1]",
      "[::1].evil.com",
      "[::1]evil.com:80",
      "localhost:3456.evil.com",
      "evil.com#localhost",
      "evil.com/localhost",
      "localhost@evil.com",
    ],
    ...[
      "0.0.0.0:3456",
      "[::]:3456",
      "2130706433",
      "0x7f.0.0.1",
      "localhost, evil.com",
      " localhost",
      "",
      ":3456",
      "[]",
    ],
  ];
  for (const host of hosts) assert.equal(askWith({ host }), "forbidden", host);
  assert.equal(askWith({}), "forbidden", "no Host at all");
});

test("the bound host is let in, and names that were allowed, in any case and with any port", () => {
  const options = { host: "192.168.1.2", allowedHosts: ["My-Box.local", "fd00::1"] };
  for (const host of [
    "192.168.1.2",
    "192.168.1.2:3456",
    "my-box.local",
    "MY-BOX.LOCAL:80",
    "[fd00::1]:3456",
    "[FD00::1]",
    "localhost:3456",
  ]) {
    assert.equal(askWith({ host }, options), "in", host);
  }
  for (const host of ["192.168.1.3", "my-box.local.evil.com", "xmy-box.local"])
    assert.equal(askWith({ host }, options), "forbidden", host);
});

test("where every address is bound any address is let in, but no name that was not allowed", () => {
  for (const host of ["0.0.0.0", "::"]) {
    const options = { host, allowedHosts: ["box.lan"] };
    for (const asked of ["192.168.1.2:3456", "[fd00::1]:3456", "10.0.0.1", "localhost", "box.lan:3456"])
      assert.equal(askWith({ host: asked }, options), "in", asked);
    for (const asked of ["evil.com", "evil.com:3456", "10.0.0.1.evil.com", "10.0.0"])
      assert.equal(askWith({ host: asked }, options), "forbidden", asked);
  }
});

test("a request without an Origin is no page's, and is let in", () => {
  assert.equal(askWith({ host: "localhost" }, { allowedOrigins: ["http://localhost:5173"] }), "in");
});

test("what another site's or port's page fetches without an Origin is refused; links, typed addresses and programs are let in", () => {
  const fetched = (site: string, mode = "no-cors", dest = "image"): string =>
    askWith({ host: "localhost", "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest }, {});
  for (const site of ["cross-site", "same-site"]) {
    assert.equal(fetched(site), "forbidden", site);
    assert.equal(fetched(site, "navigate", "iframe"), "forbidden", `${site} frame`);
    assert.equal(fetched(site, "navigate", "document"), "in", `${site} link`);
  }
  for (const site of ["none", "same-origin"]) assert.equal(fetched(site, "cors", "empty"), "in", site);
  const allowed = { host: "localhost", origin: "http://a.com", "sec-fetch-site": "cross-site" };
  assert.equal(askWith(allowed, { allowedOrigins: ["http://a.com"] }), "in");
});

test("an Origin must be one of those allowed, letter for letter", () => {
  const options = { allowedOrigins: ["http://localhost:5173", "https://chat.example.com"] };
  for (const origin of options.allowedOrigins)
    assert.equal(askWith({ host: "localhost", origin }, options), "in", origin);
  const others = [
    "http://localhost",
    "http://localhost:51730",
    "https://localhost:5173",
    "http://localhost:5173/",
    "https://chat.example.com.evil.com",
    "null",
    "",
    "*",
  ];
  for (const origin of others) assert.equal(askWith({ host: "localhost:3456", origin }, options), "forbidden", origin);
});

test("no origin is allowed by itself but that of our own page: the address it was opened under", () => {
  assert.equal(askWith({ host: "localhost:3456", origin: "http://localhost:3456" }), "in");
  for (const origin of [
    "http://127.0.0.1:3456",
    "http://localhost",
    "http://localhost:34567",
    "null",
    "localhost:3456",
  ])
    assert.equal(askWith({ host: "localhost:3456", origin }), "forbidden", origin);
  assert.equal(askWith({ host: "evil.com:3456", origin: "http://evil.com:3456" }), "forbidden");
});

test("an allowed origin does not make up for a strange host", () => {
  assert.equal(
    askWith({ host: "evil.com", origin: "http://a.com" }, { allowedOrigins: ["http://a.com"] }),
    "forbidden",
  );
});

test("a refusal says what would allow it, and shows little of what was sent", () => {
  const guard = createGuard(LOCAL);
  assert.throws(
    () => guard.checkOrigin({ host: `${"x".repeat(10_000)}.com` }),
    (error: Error) => /--allow-host/.test(error.message) && error.message.length < 300,
  );
  assert.throws(
    () => guard.checkOrigin({ host: "localhost", origin: `http://${"x".repeat(10_000)}` }),
    (error: Error) => /--allow-origin/.test(error.message) && error.message.length < 300,
  );
});

test("without keys no key is asked for, and any is taken", () => {
  assert.equal(askWith({ host: "localhost" }), "in");
  assert.equal(askWith({ host: "localhost", authorization: "Bearer anything" }), "in");
});

const KEYS = { keys: ["first", "sécond key"] };

test("each key is taken as a Bearer token, the word in any case, or as x-api-key", () => {
  for (const authorization of ["Bearer first", "bearer first", "BEARER   first", "Bearer sécond key"]) {
    assert.equal(askWith({ host: "localhost", authorization }, KEYS), "in", authorization);
  }
  for (const key of KEYS.keys) assert.equal(askWith({ host: "localhost", "x-api-key": key }, KEYS), "in", key);
  assert.equal(askWith({ host: "localhost", authorization: "Basic Zm9v", "x-api-key": "first" }, KEYS), "in");
});

test("of two keys that a request carries, the one that fits lets it in and names its client", () => {
  const guard = createGuard({ ...LOCAL, keys: ["ann:first", "bob:second"] });
  const socket = {} as Socket;
  const alone = guard.identify({ headers: { "x-api-key": "first" }, socket });
  for (const [authorization, apiKey] of [
    ["Bearer another-servers", "first"],
    ["Bearer first", "another-servers"],
    ["Bearer first", "second"],
  ] as const) {
    const headers = { host: "localhost", authorization, "x-api-key": apiKey };
    assert.doesNotThrow(() => guard.checkKey(headers), `${authorization} and ${apiKey}`);
    assert.equal(guard.identify({ headers, socket }), alone);
    assert.match(guard.nameClient({ headers }), /ann/);
  }
  const wrong = { authorization: "Bearer another-servers", "x-api-key": "guessed" };
  assert.throws(() => guard.checkKey(wrong), { kind: "bad_key" });
});

test("anything but a whole key is refused, and no key too", () => {
  assert.equal(askWith({ host: "localhost" }, KEYS), "bad_key");
  for (const key of ["", "firs", "first ", "firstt", "FIRST", "first,sécond key", "undefined", "x".repeat(100_000)]) {
    assert.equal(askWith({ host: "localhost", "x-api-key": key }, KEYS), "bad_key", key.slice(0, 20));
    assert.equal(askWith({ host: "localhost", authorization: key }, KEYS), "bad_key", key.slice(0, 20));
  }
  for (const authorization of ["first", "Basic first", "Bearer", "Bearer ", "Bearerfirst", "Token first"]) {
    assert.equal(askWith({ host: "localhost", authorization }, KEYS), "bad_key", authorization);
  }
});

test("the refusal of a key does not show it", () => {
  assert.throws(
    () => createGuard({ ...LOCAL, ...KEYS }).checkKey({ "x-api-key": "guessed" }),
    (error: Error) => !/guessed|first/.test(error.message),
  );
});

test("pages of an allowed origin may read the answer and the headers they need, others nothing", () => {
  const guard = createGuard({ ...LOCAL, allowedOrigins: ["http://a.com"] });
  const headers = guard.toCorsHeaders({ origin: "http://a.com" });
  assert.deepEqual([headers["access-control-allow-origin"], headers["vary"]], ["http://a.com", "Origin"]);
  for (const name of ["x-request-id", "request-id", "x-ignored-parameters", "retry-after"])
    assert.ok(String(headers["access-control-expose-headers"]).includes(name), name);
  for (const origin of ["http://b.com", "null", undefined])
    assert.deepEqual(guard.toCorsHeaders(origin === undefined ? {} : { origin }), {});
});

test("a target in the absolute form is for this machine, and Host is sent once", () => {
  const guard = createGuard({ host: "127.0.0.1", allowedHosts: ["box.lan"], allowedOrigins: [], keys: [] });
  const check = (url: string, host: string[] = ["localhost"]) => guard.checkTarget({ url, headersDistinct: { host } });
  for (const url of ["/", "/http://evil.example", "http://localhost:3456/x", "HTTP://[::1]/", "http://box.lan?x", "*"])
    assert.doesNotThrow(() => check(url), url);
  for (const url of ["http://evil.example/", "https://evil.example", "http://localhost@evil.example/", "http:///x"])
    assert.throws(() => check(url), { kind: "forbidden" }, url);
  assert.throws(() => check("/", ["localhost", "localhost"]), { kind: "invalid_request" });
});
