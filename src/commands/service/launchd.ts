/** A launchd agent of the user's. Keys: `man 5 launchd.plist`. */
import { posix } from "node:path";
import { escapeXml, findLogFile, SERVICE } from "./unit.ts";
import type { ServicePlan, ServiceUnit } from "./unit.ts";

const LABEL = `io.github.${SERVICE}`;

const toString = (text: string): string => `<string>${escapeXml(text)}</string>`;

/** The property list. `log` takes both stdout and stderr. */
function toPropertyList(plan: ServicePlan, log: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${toString(LABEL)}
  <key>ProgramArguments</key>
  <array>
${plan.command.map((word) => `    ${toString(word)}`).join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    ${toString(plan.path.join(":"))}
  </dict>
  <key>WorkingDirectory</key>
  ${toString(plan.home)}
  <key>RunAtLoad</key>
  <true/>
  <!-- Only after a death by signal: a taken port or a bad option ends with a status, and would do so for ever. -->
  <key>KeepAlive</key>
  <dict>
    <key>Crashed</key>
    <true/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ExitTimeOut</key>
  <integer>30</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  ${toString(log)}
  <key>StandardErrorPath</key>
  ${toString(log)}
</dict>
</plist>
`;
}

/** Describes the service. */
export function toLaunchdUnit(plan: ServicePlan): ServiceUnit {
  const log = posix.join(plan.home, "Library", "Logs", `${SERVICE}.log`);
  const file = posix.join(plan.home, "Library", "LaunchAgents", `${LABEL}.plist`);
  const domain = `gui/${plan.userId}`;
  const target = `${domain}/${LABEL}`;
  const end = { argv: ["launchctl", "bootout", target], mayFail: true };
  return {
    file,
    text: toPropertyList(plan, log),
    encoding: "utf8",
    logFile: findLogFile(plan) ?? log,
    folder: posix.dirname(log),
    check: [],
    install: [
      end,
      { argv: ["launchctl", "enable", target] },
      { argv: ["launchctl", "bootstrap", domain, file], tries: 10 },
    ],
    uninstall: [end],
    forget: [],
    status: ["launchctl", "print", target],
    readState: (said) => /^\s*state = (.+)$/m.exec(said)?.[1],
    explain: ({ message }) => message,
    logs: undefined,
    hint: undefined,
  };
}
