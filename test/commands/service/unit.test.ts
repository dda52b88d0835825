/**
 * The descriptions that three systems are given, compared with goldens and read by those systems' own checkers where
 * they are.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { toLaunchdUnit } from "../../../src/commands/service/launchd.ts";
import { toCarried } from "../../../src/commands/service/plan.ts";
import { toSystemdUnit } from "../../../src/commands/service/systemd.ts";
import { toTaskUnit } from "../../../src/commands/service/task.ts";
import { readAddress, readLogFile, toServicePath } from "../../../src/commands/service/unit.ts";
import type { ServicePlan, ServiceUnit } from "../../../src/commands/service/unit.ts";
import { hasProgram, runFile } from "../../helpers/command.ts";
import { makeFolder } from "../../helpers/folder.ts";
import { checkGoldenText } from "../../helpers/golden.ts";

const FLAGS = [
  "--port",
  "4000",
  "--host",
  "::1",
  "--alias",
  "a & <b>=claude-opus-4",
  "--workspace",
  '/srv/100% "$HOME"',
];

const posix: ServicePlan = {
  command: ["/bin/sh", "serve", "--variables", "/home/ann lee/.claude-max-api/service.env", ...FLAGS],
  home: "/home/ann lee",
  path: toServicePath("linux", "/home/ann lee", ["/opt/claude/bin", "/usr/bin"]),
  userId: 501,
  userName: "ann",
};
const darwin: ServicePlan = {
  ...posix,
  path: toServicePath("darwin", "/Users/ann", ["/opt/homebrew/bin"]),
  home: "/Users/ann",
};
const windows: ServicePlan = {
  ...posix,
  command: [
    "C:\\Program Files\\claude-max-api\\claude-max-api.exe",
    "serve",
    "--variables",
    "C:\\Users\\ann\\.claude-max-api\\service.env",
    ...FLAGS,
  ],
  home: "C:\\Users\\ann",
  userName: "OFFICE\\ann",
};
const WINDOWS_DATA = "C:\\Users\\ann\\AppData\\Local";

const toGolden = (unit: ServiceUnit): string =>
  `${unit.file}\n${unit.text}\n${JSON.stringify({ ...unit, file: undefined, text: undefined }, undefined, 2)}\n`;

test("a systemd unit quotes every word, restarts on failure only, and drops inherited tokens", async () => {
  checkGoldenText("service-systemd.txt", toGolden(toSystemdUnit(posix, "/home/ann lee/.config")));
});

test("a launchd agent escapes every word and is started again after a crash only", async () => {
  checkGoldenText("service-launchd.txt", toGolden(toLaunchdUnit(darwin)));
});

test("a Windows task quotes as its runtime reads, and logs to a file", async () => {
  checkGoldenText("service-task.txt", toGolden(toTaskUnit(windows, WINDOWS_DATA)));
});

test("a log file that was asked for is the task's log", () => {
  const { logFile, text } = toTaskUnit(
    { ...windows, command: [...windows.command, "--log-file", "D:\\my.log"] },
    WINDOWS_DATA,
  );
  assert.equal(logFile, "D:\\my.log");
  assert.equal(text.match(/--log-file/g)?.length, 1);
});

const READ_PLIST = "import plistlib, sys; plistlib.load(open(sys.argv[1], 'rb'))";
const READ_UTF16_XML =
  "import sys, xml.dom.minidom as dom; dom.parseString(open(sys.argv[1], encoding='utf-8-sig').read().encode('utf-16'))";

test("the systems' own checkers, or readers of their formats, accept the descriptions", async (t) => {
  const folder = makeFolder(t);
  const checkers = [
    {
      name: "systemd-analyze",
      file: "claude-max-api.service",
      unit: toSystemdUnit({ ...posix, home: folder }, folder),
      args: ["verify", "--user"],
    },
    { name: "python3", file: "agent.plist", unit: toLaunchdUnit(darwin), args: ["-c", READ_PLIST] },
    { name: "python3", file: "task.xml", unit: toTaskUnit(windows, WINDOWS_DATA), args: ["-c", READ_UTF16_XML] },
    { name: "plutil", file: "agent.plist", unit: toLaunchdUnit(darwin), args: ["-lint"] },
    { name: "xmllint", file: "agent.xml", unit: toLaunchdUnit(darwin), args: ["--noout", "--nonet"] },
  ] as const;
  for (const { name, file, unit, args } of checkers) {
    if (!(await hasProgram(name))) continue;
    const path = join(folder, file);
    await writeFile(path, unit.text);
    const { code, stderr } = await runFile([name, ...args, path], { HOME: folder, XDG_RUNTIME_DIR: folder });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, new RegExp(file), stderr);
  }
});

test("the address is read back from every description", () => {
  for (const unit of [toSystemdUnit(posix, "/x"), toLaunchdUnit(darwin), toTaskUnit(windows, WINDOWS_DATA)]) {
    assert.deepEqual(readAddress(unit.text), { host: "::1", port: 4000 }, unit.file);
    const bare = unit.text.replaceAll(/--(port|host)/g, "--x");
    assert.deepEqual(readAddress(bare), { host: "127.0.0.1", port: 3456 });
  }
});

test("the log file is read back from every description, whatever is in its name", () => {
  const name = "/srv/my logs/100% $HOME & <b>.log";
  const toCommand = ({ command }: ServicePlan) => [...command, "--log-file", name, "--claude", "/c"];
  const units = [
    toSystemdUnit({ ...posix, command: toCommand(posix) }, "/x"),
    toLaunchdUnit({ ...darwin, command: toCommand(darwin) }),
    toTaskUnit({ ...windows, command: toCommand(windows) }, WINDOWS_DATA),
  ];
  for (const { text, logFile } of units) {
    assert.equal(readLogFile(text), name);
    assert.equal(logFile, name);
  }
  assert.equal(readLogFile(toSystemdUnit(posix, "/x").text), undefined);
});

test("each system's word about the state is read from its own tool's output", () => {
  const systemd = toSystemdUnit(posix, "/x");
  assert.deepEqual(["active\n", "failed\n", ""].map(systemd.readState), ["active", "failed", undefined]);
  const launchd = toLaunchdUnit(darwin);
  assert.equal(launchd.readState("gui/501/x = {\n\tactive count = 1\n\tstate = not running\n}\n"), "not running");
  const task = toTaskUnit(windows, WINDOWS_DATA);
  assert.equal(
    task.readState("\r\nFolder: \\\r\nTaskName:  \\x\r\nNext Run Time: N/A\r\nStatus:  Running\r\n"),
    "Running",
  );
});

test("a service is given keys and proxies, never the login's tokens", () => {
  const environment = {
    TELEGRAM_BOT_TOKEN: "t",
    HTTPS_PROXY: "http://u:p@proxy",
    ANTHROPIC_API_KEY: "secret",
    CLAUDE_CODE_OAUTH_TOKEN: "secret",
    HOME: "/x",
  };
  assert.deepEqual(toCarried({ apiKeys: ["k1", "k2"], environment }), {
    CLAUDE_MAX_API_API_KEY: "k1,k2",
    TELEGRAM_BOT_TOKEN: "t",
    HTTPS_PROXY: "http://u:p@proxy",
  });
  assert.deepEqual(toCarried({ apiKeys: [], environment: {} }), {});
});
