/** Files for running it elsewhere: safe by default, in step with the program, accepted by the programs that read them. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { readCommand } from "../../src/config/command.ts";
import { BODY_LIMIT } from "../../src/http/body.ts";
import { hasProgram, runFile } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";

const FOLDER = "scripts/deploy";
const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");

test("the image runs as a user without rights below an init, checks its health, and has the CLI that was tested", () => {
  const text = read("Dockerfile");
  assert.match(text, new RegExp(`^ARG CLAUDE_VERSION=${NEWEST_TESTED.replaceAll(".", "\\.")}$`, "m"));
  assert.match(text, /^USER node$[^]*^HEALTHCHECK [^]*^ENTRYPOINT \["tini", "--", /m);
  const copies = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
  assert.ok(copies.length > 0);
  for (const [, sources = ""] of copies) for (const source of sources.split(" ")) assert.ok(existsSync(source), source);
});

test("the container has a port on this machine alone, none without a key, and no rights it does not need", () => {
  const { services } = parse(read("compose.yaml")) as { services: Record<string, Record<string, unknown>> };
  const service = services["claude-max-api"] ?? {};
  const environment = service["environment"] as Record<string, string>;
  assert.match(environment["CLAUDE_MAX_API_API_KEY"] ?? "", /^\$\{CLAUDE_MAX_API_API_KEY:\?.+\}$/);
  assert.deepEqual(service["ports"], ["127.0.0.1:3456:3456"]);
  assert.deepEqual([service["cap_drop"], service["read_only"]], [["ALL"], true]);
});

test("a proxy in front passes each event on as it comes, and allows the bodies and the silence that the server does", () => {
  const command = readCommand([], {});
  const silentSeconds = command.type === "serve" ? command.config.activityTimeoutSeconds : assert.fail();
  const [nginx, caddy, haproxy] = ["nginx.conf", "Caddyfile", "haproxy.cfg"].map(read);
  assert.match(nginx ?? "", /^ +proxy_buffering off;$/m);
  assert.match(caddy ?? "", /^\s+flush_interval -1$/m);
  assert.match(nginx ?? "", new RegExp(`^ +client_max_body_size ${BODY_LIMIT / 2 ** 20}m;$`, "m"));
  const limits = [
    Number(/^ +proxy_read_timeout (\d+)s;$/m.exec(nginx ?? "")?.[1]),
    ...[...(haproxy ?? "").matchAll(/^ +timeout (?:client|server) (\d+)m$/gm)].map(
      ([, minutes]) => 60 * Number(minutes),
    ),
  ];
  assert.equal(limits.length, 3);
  for (const seconds of limits) assert.ok(seconds > silentSeconds, `${seconds} s`);
});

test("HAProxy, Caddy and nginx accept their files, where they are here", async (t) => {
  const folder = makeFolder(t);
  if (await hasProgram("haproxy")) {
    const { code, stderr } = await runFile(["haproxy", "-c", "-f", join(FOLDER, "haproxy.cfg")], { HEALTH_KEY: "k" });
    assert.equal(code, 0, stderr);
  }
  if (await hasProgram("caddy")) {
    const args = [
      "caddy",
      "adapt",
      "--config",
      join(FOLDER, "Caddyfile"),
      "--adapter",
      "caddyfile",
      "--validate",
    ] as const;
    const { code, stderr } = await runFile([...args], { HOME: folder });
    assert.equal(code, 0, stderr);
  }
  if (!(await hasProgram("nginx")) || !(await hasProgram("openssl"))) return;
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const request = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=claude.example.com",
  ] as const;
  assert.equal((await runFile([...request, "-keyout", key, "-out", certificate])).code, 0);
  const server = read("nginx.conf")
    .replace("listen 443 ssl;", `listen unix:${join(folder, "s")} ssl;`)
    .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`);
  const file = join(folder, "nginx.conf");
  await writeFile(file, `pid ${join(folder, "pid")};\nevents {}\nhttp {\n${server}\n}\n`);
  const { code, stderr } = await runFile(["nginx", "-t", "-q", "-e", join(folder, "log"), "-c", file]);
  assert.equal(code, 0, stderr);
});
