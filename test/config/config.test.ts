/**
 * The command line and the environment: every option, which of the two wins, and one sentence for what cannot be used.
 */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { readCommand } from "../../src/config/command.ts";
import type { Config } from "../../src/config/config.ts";
import { UsageError } from "../../src/config/error.ts";
import { formatHelp } from "../../src/config/help.ts";
import { OPTION_ROWS, OPTIONS as TABLE } from "../../src/config/options.ts";

function read(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Config {
  const command = readCommand(args, environment);
  assert.ok(command.type === "serve");
  return command.config;
}

/** The one sentence about what cannot be used. */
function complaintOf(args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  try {
    readCommand(args, environment);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, /^\S[^\n]*$/);
    return error.message;
  }
  return assert.fail(`was read: ${args.join(" ")}`);
}

const STATE = join(homedir(), ".claude-max-api");

test("without options everything has its default", () => {
  const environment = { HOME: "/h" };
  const { idleSeconds } = read([], environment);
  assert.ok([600, 3600].includes(idleSeconds));
  assert.deepEqual(read([], environment), {
    port: 3456,
    host: "127.0.0.1",
    apiKeys: [],
    claude: undefined,
    tools: "none",
    workspace: join(STATE, "workspace"),
    settingSources: "",
    maxConcurrent: 4,
    maxQueue: 64,
    maxSessions: 4,
    idleSeconds,
    mcpConfig: [],
    requestMcpHosts: [],
    spares: "auto",
    maxSpares: 4,
    planReserve: 0,
    extraUsage: "allow",
    activityTimeoutSeconds: 600,
    aliases: new Map(),
    allowedOrigins: [],
    allowedHosts: [],
    logLevel: "info",
    telegram: { token: "", chats: [], apiUrl: "https://api.telegram.org" },
    logFile: undefined,
    variables: undefined,
    demo: false,
    stateFolder: STATE,
    home: homedir(),
    environment,
    warnings: [],
  });
});

test("unused processes are kept as long as a plan's prompt cache lives, and for 10 minutes where memory is short", () => {
  const toSeconds = (freeBytes: number, texts: string[] = []): number =>
    TABLE.idleSeconds.read(texts, { flag: "--idle-seconds", environment: {}, home: "/h", freeBytes });
  assert.deepEqual(
    [8e9, 8e9 - 1].map((bytes) => toSeconds(bytes)),
    [3600, 600],
  );
  assert.deepEqual(
    [8e9, 1].map((bytes) => toSeconds(bytes, ["30"])),
    [30, 30],
  );
});

/** [option, a value, the field it sets, what the field becomes, another value]. */
const OPTIONS: readonly (readonly [string, string, keyof Config, unknown, string])[] = [
  ["port", "8080", "port", 8080, "9090"],
  ["host", "localhost", "host", "localhost", "::1"],
  ["api-key", "a, b,,c", "apiKeys", ["a", "b", "c"], "d"],
  ["claude", "/opt/claude", "claude", "/opt/claude", "/usr/claude"],
  ["tools", "web", "tools", "web", "workspace"],
  ["workspace", "/tmp/w", "workspace", "/tmp/w", "/tmp/v"],
  ["mcp-config", "/tmp/m.json,/tmp/n.json", "mcpConfig", ["/tmp/m.json", "/tmp/n.json"], "/tmp/o.json"],
  ["allow-request-mcp", "h:1", "requestMcpHosts", [{ host: "h", port: 1 }], "i"],
  ["setting-sources", "user,project", "settingSources", "user,project", "local"],
  ["max-concurrent", "9", "maxConcurrent", 9, "8"],
  ["max-queue", "0", "maxQueue", 0, "8"],
  ["max-sessions", "0", "maxSessions", 0, "8"],
  ["idle-seconds", "1", "idleSeconds", 1, "8"],
  ["spares", "0", "spares", 0, "8"],
  ["spares", "auto", "spares", "auto", "8"],
  ["max-spares", "2", "maxSpares", 2, "8"],
  ["plan-reserve", "10", "planReserve", 10, "20"],
  ["extra-usage", "stop", "extraUsage", "stop", "allow"],
  ["activity-timeout", "30", "activityTimeoutSeconds", 30, "8"],
  [
    "alias",
    "gpt-4o=claude-sonnet-4,o3=opus",
    "aliases",
    new Map([
      ["gpt-4o", "claude-sonnet-4"],
      ["o3", "opus"],
    ]),
    "x=opus",
  ],
  [
    "allow-origin",
    "http://localhost:5173, https://a.com",
    "allowedOrigins",
    ["http://localhost:5173", "https://a.com"],
    "http://b.com",
  ],
  ["allow-host", "box.lan,b", "allowedHosts", ["box.lan", "b"], "c"],
  ["log-level", "trace", "logLevel", "trace", "warn"],
  ["log-file", "/tmp/l", "logFile", "/tmp/l", "/tmp/m"],
];

test("every option is looked at here, but for the switch and the file of variables", () => {
  const named = OPTIONS.map(([name]) => name);
  const others = OPTION_ROWS.map(([, { name }]) => name).filter((name) => !named.includes(name));
  assert.deepEqual(others.sort(), ["demo", "variables"]);
});

const toVariable = (name: string): string => `CLAUDE_MAX_API_${name.replaceAll("-", "_").toUpperCase()}`;

for (const [name, value, field, expected, other] of OPTIONS) {
  test(`--${name} is a flag and a variable, and the flag wins`, () => {
    assert.deepEqual(read([`--${name}`, value])[field], expected);
    assert.deepEqual(read([`--${name}=${value}`])[field], expected);
    assert.deepEqual(read([], { [toVariable(name)]: value })[field], expected);
    assert.deepEqual(read([`--${name}`, value], { [toVariable(name)]: other })[field], expected);
  });
}

test("a variable that is empty says nothing", () => {
  for (const [name, , field] of OPTIONS.filter(([name]) => name !== "api-key"))
    assert.deepEqual(read([], { [toVariable(name)]: "" })[field], read([])[field], name);
});

test("a flag that stands twice is what it was last, and lists grow", () => {
  assert.equal(read(["--port", "1", "--port", "2"]).port, 2);
  assert.deepEqual(read(["--allow-host", "a", "--allow-host", "b,c"]).allowedHosts, ["a", "b", "c"]);
  assert.deepEqual(
    [...read(["--alias", "a=opus", "--alias", "b=sonnet"]).aliases],
    [
      ["a", "opus"],
      ["b", "sonnet"],
    ],
  );
});

test("the demo is a switch, and a variable that can say no", () => {
  assert.equal(read(["--demo"]).demo, true);
  for (const [value, isOn] of Object.entries({ "1": true, true: true, "0": false, false: false })) {
    assert.equal(read([], { CLAUDE_MAX_API_DEMO: value }).demo, isOn, value);
  }
});

test("paths are taken from where the command is run, since the CLI works in a folder of its own", () => {
  assert.equal(read(["--workspace", "w"]).workspace, resolve("w"));
  assert.equal(read(["--claude", "./bin/claude"]).claude, resolve("bin/claude"));
});

test("DEBUG of any value means debug, unless a level is asked for", () => {
  for (const DEBUG of ["1", "*", "0", "x"]) assert.equal(read([], { DEBUG }).logLevel, "debug", DEBUG);
  assert.equal(read([], { DEBUG: "" }).logLevel, "info");
  assert.equal(read(["--log-level", "error"], { DEBUG: "1" }).logLevel, "error");
  assert.equal(read([], { DEBUG: "1", CLAUDE_MAX_API_LOG_LEVEL: "warn" }).logLevel, "warn");
});

test("every loopback host needs no key, and any other one does", () => {
  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1"]) assert.equal(read(["--host", host]).host, host);
  for (const host of ["0.0.0.0", "::", "192.168.1.2", "box.lan", "localhost.evil.com"]) {
    assert.match(complaintOf(["--host", host]), /^Cannot listen on .* without a key: add --api-key/);
    assert.match(complaintOf([], { CLAUDE_MAX_API_HOST: host }), /without a key/);
    assert.equal(read(["--host", host, "--api-key", "k"]).host, host);
  }
});

const WHOLE: Readonly<Record<string, readonly [number, number]>> = {
  port: [0, 65_535],
  "max-concurrent": [1, 100],
  "max-queue": [0, 10_000],
  "max-sessions": [0, 100],
  "idle-seconds": [1, 86_400],
  "max-spares": [1, 20],
  "activity-timeout": [1, 86_400],
};

test("numbers are whole and within bounds, as flags and as variables, or the sentence says which are", () => {
  for (const [name, [least, most]] of Object.entries(WHOLE)) {
    for (const value of [least, most]) assert.doesNotThrow(() => read([`--${name}=${value}`]), name);
    for (const value of [least - 1, most + 1, "", "x", "1.5", "1e3", "0x10", " 1", "99999999999999999999", "NaN"]) {
      assert.equal(
        complaintOf([`--${name}=${value}`]),
        `Cannot use --${name} ${value}: expected a whole number from ${least} to ${most}`,
      );
    }
    assert.match(complaintOf([], { [toVariable(name)]: "many" }), new RegExp(`^Cannot use --${name} many`));
  }
});

test("the number of spares is auto, or whole and within bounds", () => {
  assert.equal(read(["--spares=20"]).spares, 20);
  for (const value of ["21", "-1", "", "x", "1.5", "AUTO"])
    assert.equal(
      complaintOf([`--spares=${value}`]),
      `Cannot use --spares ${value}: expected auto or a whole number from 0 to 20`,
    );
});

test("values that cannot be used are named with what was expected", () => {
  for (const alias of ["gpt-4o", "=opus", "gpt-4o=", "a=b=c", "="])
    assert.equal(complaintOf(["--alias", alias]), `Cannot use --alias ${alias}: expected NAME=MODEL`);
  for (const level of ["verbose", "INFO", "constructor"])
    assert.match(
      complaintOf(["--log-level", level]),
      /^Cannot use --log-level \S+: expected one of error, warn, info, debug, trace$/,
    );
  for (const origin of ["*", "null", "localhost:5173", "http://a.com/", "http://a.com/path", "HTTP://A.com"]) {
    assert.match(
      complaintOf(["--allow-origin", origin]),
      /^Cannot use --allow-origin \S+: expected an origin such as/,
      origin,
    );
  }
  for (const host of ["box.lan:3456", "[fd00::1]:3456", "127.0.0.1:80", "http://box.lan", "box.lan/", "[box.lan]"])
    assert.match(
      complaintOf(["--allow-host", host]),
      /^Cannot use --allow-host \S+: expected a name or an address, without a port$/,
      host,
    );
});

test("allowed hosts are read as a Host header is compared: an address without its brackets", () => {
  const { allowedHosts } = read(["--allow-host", "[fd00::1],fd00::2,192.168.1.2,Box.lan,box_2"]);
  assert.deepEqual(allowedHosts, ["fd00::1", "fd00::2", "192.168.1.2", "Box.lan", "box_2"]);
});

test("flags and commands that do not exist are one sentence", () => {
  for (const args of [
    ["--prot", "1"],
    ["--port"],
    ["-x"],
    ["--demo=yes"],
    ["--no-demo"],
    ["--__proto__", "1"],
    ["--constructor"],
  ])
    complaintOf(args);
  for (const args of [["start"], ["serve", "now"], ["__proto__"]])
    assert.match(complaintOf(args), /^Cannot run .*--help/);
});

test("`serve` is the default command, and may be written out", () => {
  assert.equal(read(["serve", "--port", "1"]).port, 1);
  assert.equal(read(["--port", "1", "serve"]).port, 1);
});

test("help and version come before all else, however bad the rest", () => {
  assert.deepEqual(readCommand(["--help", "--port", "x"], {}), { type: "help" });
  assert.deepEqual(readCommand(["--version", "--host", "0.0.0.0"], {}), { type: "version" });
  assert.equal(readCommand([], { CLAUDE_MAX_API_HELP: "1", CLAUDE_MAX_API_VERSION: "1" }).type, "serve");
});

test("help and version may be asked for in the ways that other programs have", () => {
  for (const args of [["-h"], ["help"], ["--help"], ["service", "-h"]])
    assert.equal(readCommand(args, {}).type, "help");
  for (const args of [["-v"], ["version"], ["--version"]]) assert.equal(readCommand(args, {}).type, "version");
});

test("--env-file, which is Node's own, is refused by the name it has now", () => {
  assert.match(complaintOf(["--env-file", "/x"]), /^Cannot use --env-file, .* --variables now/);
});

test("a misspelt flag or command gets a suggestion", () => {
  assert.equal(complaintOf(["--prot", "1"]), "Cannot use --prot: there is no such option; did you mean --port?");
  assert.equal(
    complaintOf(["--lgo-level=info"]),
    "Cannot use --lgo-level: there is no such option; did you mean --log-level?",
  );
  assert.equal(complaintOf(["docter"]), "Cannot run docter: did you mean doctor?");
  assert.match(complaintOf(["--zzz"]), /no such option; see claude-max-api --help$/);
});

test("the help names every option with its default, and no hint runs into the words", () => {
  const help = formatHelp();
  for (const [, { name }] of OPTION_ROWS) assert.match(help, new RegExp(`^ {2}--${name}[ \\n]`, "m"), name);
  for (const name of ["-v, --version", "-h, --help"]) assert.ok(help.includes(name), name);
  for (const line of help.split("\n").filter((line) => /^ {2}-/.test(line)))
    assert.match(line, /^ {2}(-\w, )?--[a-z-]+( [A-Z=[\],]+)?( {2,}\S|$)/);
  for (const line of help.split("\n")) assert.ok(line.length <= 80, line);
});

test("a key that is blank is refused, as a flag and as a variable", () => {
  for (const key of ["", ",", " ", " , "]) {
    const sentence = "Cannot use --api-key: it is blank, which would ask for no key; give a key, or leave it out";
    assert.equal(complaintOf(["--api-key", key]), sentence);
    assert.equal(complaintOf([], { CLAUDE_MAX_API_API_KEY: key }), sentence);
  }
});

test("a key on the command line is warned of, one in the environment is not", () => {
  const [warning = ""] = read(["--api-key", "hush"]).warnings;
  assert.match(warning, /ps.*CLAUDE_MAX_API_API_KEY/);
  assert.doesNotMatch(warning, /hush/);
  assert.deepEqual(read([], { CLAUDE_MAX_API_API_KEY: "hush" }).warnings, []);
});

test("a value that is blank, and names nothing, is refused", () => {
  for (const name of ["host", "claude", "workspace", "log-file"])
    assert.equal(complaintOf([`--${name}=`]), `Cannot use --${name}: its value is blank`);
});

test("setting sources are those that the CLI knows", () => {
  assert.equal(read(["--setting-sources", ""]).settingSources, "");
  assert.equal(read(["--setting-sources", "none"]).settingSources, "");
  assert.match(complaintOf(["--setting-sources", "users"]), /expected a list of user, project, local/);
});

test("a socket needs no key", () => {
  assert.equal(read(["--host", "unix:/tmp/a.sock"]).host, "unix:/tmp/a.sock");
  assert.equal(read(["--host", "unix:~/a.sock"]).host, `unix:${join(homedir(), "a.sock")}`);
});

test("a path that begins with ~/ is in the home folder, that of the variables too", () => {
  assert.equal(read(["--workspace=~/w"]).workspace, join(homedir(), "w"));
  const name = `no-such-file-${process.pid}.env`;
  assert.ok(complaintOf([`--variables=~/${name}`]).includes(`'${join(homedir(), name)}'`));
});

test("a service is given paths that mean the same from every folder", () => {
  const environment = { CLAUDE_MAX_API_LOG_FILE: "~/l", CLAUDE_MAX_API_MCP_CONFIG: "a.json, ~/b.json" };
  const command = readCommand(["service", "install", "--workspace=~/w", "--host", "unix:~/a.sock"], environment);
  assert.deepEqual(command.type === "service" ? command.flags : command.type, [
    ...["--host", `unix:${join(homedir(), "a.sock")}`],
    ...["--workspace", join(homedir(), "w")],
    ...["--mcp-config", resolve("a.json"), "--mcp-config", join(homedir(), "b.json")],
    ...["--log-file", join(homedir(), "l")],
  ]);
});
