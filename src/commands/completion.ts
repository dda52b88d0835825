/** `completion`: scripts for three shells, made from the tables of commands and options. Pure. */
import { COMMAND_ROWS, ENDING_OPTIONS } from "../config/commands.ts";
import type { Shell } from "../config/commands.ts";
import type { Option } from "../config/option.ts";
import { OPTION_ROWS } from "../config/options.ts";

const NAME = "claude-max-api";

interface Choice {
  readonly name: string;
  readonly help: string;
  readonly words: readonly string[];
  readonly options: readonly Option[];
}

/** The server's options, and those that end the program. They may come before any command. */
const SERVER: readonly Option[] = [...OPTION_ROWS.map(([, row]) => row), ...ENDING_OPTIONS];

const CHOICES: readonly Choice[] = COMMAND_ROWS.map(([name, { help, words, options, hasServerOptions }]) => ({
  name,
  help,
  words,
  options: hasServerOptions ? [...SERVER, ...options] : options,
}));

/** Every option once, whatever command takes it. */
const EVERY: readonly Option[] = [
  ...new Map([...SERVER, ...CHOICES.flatMap(({ options }) => options)].map((row) => [row.name, row])).values(),
];

const isFile = ({ kind }: Option): boolean => kind === "path" || kind === "source";

const toFlags = (options: readonly Option[]): string => options.map(({ name }) => `--${name}`).join(" ");

const toNames = (separator: string): string => CHOICES.map(({ name }) => name).join(separator);

function formatBash(): string {
  const words = CHOICES.map(
    ({ name, words, options }) => `      ${name}) words="${[...words, toFlags(options)].join(" ").trim()}" ;;`,
  );
  const files = EVERY.filter(isFile).map(({ name }) => `--${name}`);
  const values = EVERY.filter((row) => row.values !== undefined).map(
    ({ name, values = [] }) => `    --${name}) words="${values.join(" ")}" ;;`,
  );
  const free = EVERY.filter((row) => row.kind !== "switch" && row.values === undefined && !isFile(row));
  const targets = EVERY.filter((row) => row.targets !== undefined).map(
    ({ name, targets = [] }) => `    --${name}=) words="${targets.join(" ")}" ;;`,
  );
  return `# bash completion for ${NAME}
_claude_max_api() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} word command= words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${toNames("|")}) command=$word; break ;; esac
  done
  # Bash cuts at "=": --alias NAME=MODEL is four words, --tools=web three.
  local equals=0
  if [ "$current" = = ]; then equals=$COMP_CWORD current=; elif [ "$previous" = = ]; then equals=$((COMP_CWORD-1)); fi
  if [ $equals -gt 1 ]; then
    previous=\${COMP_WORDS[equals-1]}
    case $previous in -*) ;; *) previous="\${COMP_WORDS[equals-2]}=" ;; esac
  fi
  case $previous in
${targets.join("\n")}
    ${files.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${values.join("\n")}
    ${free.map(({ name }) => `--${name}`).join("|")}) COMPREPLY=(); return ;;
    *) case $command in
${words.join("\n")}
      *) words="${toNames(" ")} ${toFlags(SERVER)}" ;;
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _claude_max_api ${NAME}
`;
}

/** Text inside single quotes of zsh and fish. */
const quote = (text: string, quoteMark: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", quoteMark)}'`;

/** An option as zsh's `_arguments` reads it; brackets and colons have a meaning there. */
function toZshOption(option: Option): string {
  const { name, hint, help, values, targets } = option;
  const toPlain = (text: string): string => text.replace(/[[\]:]/g, " ");
  const free = targets === undefined ? " " : `{ compset -P "*=" && compadd ${targets.join(" ")} }`;
  const action = isFile(option) ? "_files" : values === undefined ? free : `(${values.join(" ")})`;
  const value = hint === undefined ? "" : `:${toPlain(hint)}:${action}`;
  return quote(`*--${name}[${toPlain(help)}]${value}`, "'\\''");
}

function formatZsh(): string {
  const cases = CHOICES.map(({ name, words, options }) => {
    const word = words.length === 0 ? "" : ` '1:word:(${words.join(" ")})'`;
    return `        ${name}) _arguments${word} ${options.map(toZshOption).join(" ")} ;;`;
  });
  const commands = CHOICES.map(({ name, help }) => quote(`${name}[${help}]`, "'\\''")).join(" ");
  return `#compdef ${NAME}
_claude_max_api() {
  local line state
  _arguments -C '1:command:->command' '*::argument:->argument' ${SERVER.map(toZshOption).join(" ")}
  case $state in
    command) _values command ${commands} ;;
    argument)
      case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _claude_max_api ]; then _claude_max_api "$@"; else compdef _claude_max_api ${NAME}; fi
`;
}

function toFishOption(option: Option, condition: string): string {
  const { name, hint, help, values, targets } = option;
  const afterName =
    targets === undefined ? "" : ` -a '(string match -r ".*=" -- (commandline -ct)){${targets.join(",")}}'`;
  const choices = values === undefined ? afterName : ` -a '${values.join(" ")}'`;
  const value = hint === undefined ? "" : isFile(option) ? " -r -F" : ` -x${choices}`;
  return `complete -c ${NAME}${condition} -l ${name}${value} -d ${quote(help, "\\'")}`;
}

function formatFish(): string {
  const isBare = ` -n 'not __fish_seen_subcommand_from ${toNames(" ")}'`;
  const lines = CHOICES.flatMap(({ name, help, words, options }) => {
    const isThis = ` -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c ${NAME}${isBare} -a ${name} -d ${quote(help, "\\'")}`,
      ...(words.length === 0 ? [] : [`complete -c ${NAME}${isThis} -a '${words.join(" ")}'`]),
      ...options.map((option) => toFishOption(option, isThis)),
    ];
  });
  return [
    `# fish completion for ${NAME}`,
    `complete -c ${NAME} -f`,
    ...lines,
    ...SERVER.map((option) => toFishOption(option, isBare)),
    "",
  ].join("\n");
}

const FORMATS: Readonly<Record<Shell, () => string>> = { bash: formatBash, zsh: formatZsh, fish: formatFish };

/** The completion script of a shell. */
export function formatCompletion(shell: Shell): string {
  return FORMATS[shell]();
}
