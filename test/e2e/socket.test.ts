/** Serving on a Unix socket: who reaches it, what becomes of its file, and the commands that look for the server. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runFile, runProgram } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import type { Scope } from "../helpers/scope.ts";

const toHost = (path: string): string[] => ["--host", `unix:${path}`, "--claude", FAKE_CLI];

const start = (t: Scope, path: string): Promise<Proxy> => startProxy(t, { args: toHost(path) });

async function curl(path: string, ...args: string[]): Promise<string> {
  return (await runFile(["curl", "-s", "--unix-socket", path, ...args])).stdout;
}

test("a server on a Unix socket answers its owner, by whatever name, and takes the socket along at its end", async (t) => {
  const path = join(makeFolder(t), "api.sock");
  const proxy = await start(t, path);
  assert.equal(proxy.url, `unix:${path}`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  for (const url of ["http://localhost/v1/models", "http://any.name.at.all/v1/models"])
    assert.match(await curl(path, url), /"object":"list"/);
  assert.match(
    await curl(path, "-H", "origin: http://evil.example", "http://localhost/v1/models"),
    /Cannot serve origin/,
  );
  const body = JSON.stringify({ model: "opus", messages: [{ role: "user", content: "hello" }] });
  const json = ["-H", "content-type: application/json", "-d", body];
  assert.match(await curl(path, ...json, "http://localhost/v1/chat/completions"), /"content":"hello"/);
  proxy.kill("SIGTERM");
  assert.equal((await proxy.exited).code, 0);
  assert.ok(!existsSync(path));
});

test("the socket of a dead server is replaced, that of a live one is not", async (t) => {
  const path = join(makeFolder(t), "api.sock");
  const dead = await start(t, path);
  dead.kill("SIGKILL");
  await dead.exited;
  assert.ok(existsSync(path));
  await start(t, path);
  assert.match(await curl(path, "http://localhost/v1/models"), /"object":"list"/);
  const { code, stderr } = await runProgram(toHost(path), { HOME: makeFolder(t) });
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^Cannot listen on unix:${path}: another server answers there.*\\n$`));
  assert.match(await curl(path, "http://localhost/v1/models"), /"object":"list"/);
});

test("a file that is no socket is left as it is", async (t) => {
  const path = join(makeFolder(t), "notes.txt");
  writeFileSync(path, "mine");
  const { code, stderr } = await runProgram(toHost(path), { HOME: makeFolder(t) });
  assert.equal(code, 1);
  assert.match(stderr, /it is no socket/);
  assert.equal(readFileSync(path, "utf8"), "mine");
});

test("a socket's path that cannot be used is one sentence", async (t) => {
  const home = makeFolder(t);
  const cases: [string, number, RegExp][] = [
    ["unix:", 2, /expected unix:\/path/],
    ["unix:here.sock", 2, /expected unix:\/path/],
    [`unix:/${"x".repeat(120)}`, 2, /at most \d+ bytes/],
    [`unix:${home}/none/api.sock`, 1, /its folder is not there/],
  ];
  for (const [host, expected, words] of cases) {
    const { code, stderr } = await runProgram(["--host", host], { HOME: home });
    assert.equal(code, expected, host);
    assert.match(stderr, words);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
});

test("the doctor knows the server behind a socket, and a free one", async (t) => {
  const path = join(makeFolder(t), "api.sock");
  const home = makeFolder(t);
  const free = await runProgram(["doctor", ...toHost(path)], { HOME: home });
  assert.match(free.stdout, new RegExp(`^ok {4}port +unix:${path} is free$`, "m"));
  assert.ok(!existsSync(path));
  await start(t, path);
  const ours = await runProgram(["doctor", ...toHost(path)], { HOME: home });
  assert.match(ours.stdout, new RegExp(`^ok {4}port +unix:${path} is served by claude-max-api`, "m"));
});
