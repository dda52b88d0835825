/**
 * A unit of the user's own systemd. Syntax:
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
 */
import { posix } from "node:path";
import { CREDENTIALS } from "../../core/credential.ts";
import { findLogFile, SERVICE } from "./unit.ts";
import type { ServicePlan, ServiceUnit } from "./unit.ts";

const UNIT = `${SERVICE}.service`;

const NO_MANAGER =
  "This user has no systemd manager here: run `sudo loginctl enable-linger $USER` and sign in again, " +
  "not through su or " +
  "sudo; without systemd as the system's init, start claude-max-api by other means";

/** One word of a unit file: `%` begins a specifier there. */
const quote = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("\n", "\\n")}"`;

/** One word of a command, where `$` begins a variable. */
const quoteWord = (text: string): string => quote(text).replaceAll("$", "$$$$");

/** Describes the service. `configHome` is XDG_CONFIG_HOME or its default. */
export function toSystemdUnit(plan: ServicePlan, configHome: string): ServiceUnit {
  const text = `[Unit]
Description=claude-max-api: an OpenAI-compatible API in front of the claude CLI
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${plan.command.map(quoteWord).join(" ")}
WorkingDirectory=${plan.home.replaceAll("%", "%%")}
Environment=${quote(`PATH=${plan.path.join(":")}`)}
# Left over in the manager's environment, they would replace the stored login.
UnsetEnvironment=${CREDENTIALS.join(" ")}
UMask=0077
# A usage error (2) is not mended by a restart; five failures in five minutes end it.
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2
# The server ends its own processes, after the turns that run.
KillMode=mixed
TimeoutStopSec=30
OOMPolicy=continue

[Install]
WantedBy=default.target
`;
  const run = (...args: readonly string[]) => ({ argv: ["systemctl", "--user", ...args] });
  return {
    file: posix.join(configHome, "systemd", "user", UNIT),
    text,
    encoding: "utf8",
    logFile: findLogFile(plan),
    folder: undefined,
    // Without a user manager (su, sudo, a container) every call fails; this one changes nothing.
    check: [run("show", "--property=Version")],
    install: [run("daemon-reload"), run("enable", UNIT), run("restart", UNIT)],
    uninstall: [{ ...run("disable", "--now", UNIT), mayFail: true }],
    forget: [{ ...run("daemon-reload"), mayFail: true }],
    status: run("is-active", UNIT).argv,
    // One word on a line of its own: active, inactive, failed, activating.
    readState: (said) => /^[\w-]+$/m.exec(said)?.[0],
    explain: ({ message, isMissing }) =>
      isMissing || !/bus|scope/i.test(message) ? message : `${message}. ${NO_MANAGER}`,
    logs: ["journalctl", "--user-unit", UNIT, "--no-pager", "--lines", "200"],
    hint: "To have it run while you are not logged in: loginctl enable-linger",
  };
}
