/**
 * A task of the Windows Task Scheduler. Schema:
 * https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
 */
import { win32 } from "node:path";
import { escapeXml, findLogFile, SERVICE } from "./unit.ts";
import type { ServicePlan, ServiceUnit } from "./unit.ts";

/** One argument as CommandLineToArgvW reads it: backslashes count only in front of a quote. */
function quote(text: string): string {
  if (text !== "" && !/[\s"]/.test(text)) return text;
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

/** The task's definition. `command` writes its own log. */
function toDefinition(plan: ServicePlan, command: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>claude-max-api: an OpenAI-compatible API in front of the claude CLI</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <UserId>${escapeXml(plan.userName)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${escapeXml(plan.userName)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>5</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <!-- Without a console of its own, the program would open a window. -->
      <Command>conhost.exe</Command>
      <Arguments>${escapeXml(["--headless", ...command].map(quote).join(" "))}</Arguments>
      <WorkingDirectory>${escapeXml(plan.home)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`;
}

/** Describes the service. `localData` is LOCALAPPDATA. A task has no place for its output, so the log needs a file. */
export function toTaskUnit(plan: ServicePlan, localData: string): ServiceUnit {
  const folder = win32.join(localData, SERVICE);
  const file = win32.join(folder, "task.xml");
  const given = findLogFile(plan);
  const log = given ?? win32.join(folder, `${SERVICE}.log`);
  const command = given === undefined ? [...plan.command, "--log-file", log] : plan.command;
  const end = { argv: ["schtasks", "/End", "/TN", SERVICE], mayFail: true };
  return {
    file,
    // The scheduler reads UTF-16 with its mark.
    text: `\uFEFF${toDefinition(plan, command).replaceAll("\n", "\r\n")}`,
    encoding: "utf16le",
    logFile: log,
    folder: win32.dirname(log),
    check: [],
    install: [
      end,
      { argv: ["schtasks", "/Create", "/TN", SERVICE, "/XML", file, "/F"] },
      { argv: ["schtasks", "/Run", "/TN", SERVICE] },
    ],
    uninstall: [end, { argv: ["schtasks", "/Delete", "/TN", SERVICE, "/F"], mayFail: true }],
    forget: [],
    status: ["schtasks", "/Query", "/TN", SERVICE, "/FO", "LIST"],
    // English systems say "Status: Running"; others translate the label, and no state is told there.
    readState: (said) => /^Status:\s*(.+?)\s*$/m.exec(said)?.[1],
    explain: ({ message }) => message,
    logs: undefined,
    hint: undefined,
  };
}
