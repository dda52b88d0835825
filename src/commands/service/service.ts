/** `service`: installs, removes and watches the program as a service of the user's. */
import type { ServiceCommand } from "../../config/command.ts";
import type { ServiceAction } from "../../config/commands.ts";
import { install, uninstall } from "./install.ts";
import { toEnvText, toUnit } from "./plan.ts";
import type { ServiceOptions } from "./plan.ts";
import { logs, status } from "./status.ts";
import { StepError } from "./steps.ts";
import type { ServiceStep, ServiceUnit } from "./unit.ts";

/** The steps of an action; a log file is read without any program. */
function toSteps(unit: ServiceUnit, action: ServiceAction): readonly ServiceStep[] {
  switch (action) {
    case "install":
      return unit.install;
    case "uninstall":
      return [...unit.uninstall, ...unit.forget];
    case "status":
      return [{ argv: unit.status }];
    case "logs":
      return unit.logs === undefined ? [] : [{ argv: unit.logs }];
  }
}

/** Prints what would be written and run. Values of variables are hidden: a terminal is read by others, and pasted. */
async function print(unit: ServiceUnit, command: ServiceCommand): Promise<void> {
  const steps = toSteps(unit, command.action).map(({ argv }) => `$ ${argv.join(" ")}`);
  if (command.action !== "install") return console.log(steps.join("\n"));
  const env = await toEnvText(command);
  const hidden = (env.text ?? "").replace(/^(\s*(?:export\s+)?\w+\s*=).*$/gm, "$1…");
  const parts = [
    `# ${unit.file}`,
    unit.text.replace("\uFEFF", "").replaceAll("\r\n", "\n"),
    ...(env.text === undefined ? [] : [`# ${env.path} (mode 0600)`, hidden]),
  ];
  console.log([...parts, ...steps].join("\n"));
}

async function run(unit: ServiceUnit, command: ServiceCommand): Promise<boolean> {
  switch (command.action) {
    case "install":
      return install(unit, command);
    case "uninstall":
      return uninstall(unit, command);
    case "status":
      return status(unit, command);
    case "logs":
      return logs(unit);
  }
}

/** Does what the command line asks. True when it was done, or when the server answers. */
export async function runService(options: ServiceOptions): Promise<boolean> {
  const { command } = options;
  const unit = await toUnit(options);
  if (command.isPrint) {
    await print(unit, command);
    return true;
  }
  try {
    return await run(unit, command);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(unit.explain(error));
    return false;
  }
}
