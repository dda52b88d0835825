/** `completion`: scripts for three shells, made from the tables of commands and options. Pure. */
import { COMMANDS, OPTIONS } from "../config/config.ts";
import type { Option, Shell } from "../config/config.ts";

const NAME = "claude-max-api";

interface Choice {
  readonly name: string;
  readonly help: string;
  readonly words: readonly string[];
  readonly options: readonly (readonly [string, Option])[];
}

const CHOICES: readonly Choice[] = Object.entries(COMMANDS).map(
  ([name, { help, words, options, hasServerOptions }]) => ({
    name,
    help,
    words,
    options: Object.entries<Option>({ ...(hasServerOptions ? OPTIONS : {}), ...options }),
  }),
);

/** All options, each once: before a command is typed, any may come. */
const EVERY = Object.entries<Option>(OPTIONS);

const toFlagNames = (options: readonly (readonly [string, Option])[]): string =>
  options.map(([name]) => `--${name}`).join(" ");

function formatBash(): string {
  const cases = CHOICES.map(
    ({ name, words, options }) => `      ${name}) words="${[...words, toFlagNames(options)].join(" ").trim()}" ;;`,
  );
  return `# bash completion for ${NAME}
_claude_max_api() {
  local current=\${COMP_WORDS[COMP_CWORD]} word command= words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${CHOICES.map(({ name }) => name).join("|")}) command=$word; break ;; esac
  done
  case \${COMP_WORDS[COMP_CWORD-1]} in
    --claude|--workspace|--log-file|--env-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    *) case $command in
${cases.join("\n")}
      *) words="${CHOICES.map(({ name }) => name).join(" ")} ${toFlagNames(EVERY)}" ;;
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
function toZshOption([name, { hint, help }]: readonly [string, Option]): string {
  const plain = help.replace(/[[\]:]/g, " ");
  const value = hint === undefined ? "" : `:${hint.replace(/[[\]:]/g, " ")}:${/PATH|DIR/.test(hint) ? "_files" : ""}`;
  return quote(`*--${name}[${plain}]${value}`, "'\\''");
}

function formatZsh(): string {
  const cases = CHOICES.map(({ name, words, options }) => {
    const word = words.length === 0 ? "" : ` '1:action:(${words.join(" ")})'`;
    return `        ${name}) _arguments${word} ${options.map(toZshOption).join(" ")} ;;`;
  });
  return `#compdef ${NAME}
_claude_max_api() {
  local line state
  _arguments -C '1:command:->command' '*::argument:->argument' ${EVERY.map(toZshOption).join(" ")}
  case $state in
    command) _values command ${CHOICES.map(({ name, help }) => quote(`${name}[${help}]`, "'\\''")).join(" ")} ;;
    argument)
      case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _claude_max_api ]; then _claude_max_api "$@"; else compdef _claude_max_api ${NAME}; fi
`;
}

function toFishOption([name, { hint, help }]: readonly [string, Option], condition: string): string {
  const value = hint === undefined ? "" : /PATH|DIR/.test(hint) ? " -r -F" : " -x";
  return `complete -c ${NAME}${condition} -l ${name}${value} -d ${quote(help, "\\'")}`;
}

function formatFish(): string {
  const names = CHOICES.map(({ name }) => name).join(" ");
  const isBare = ` -n 'not __fish_seen_subcommand_from ${names}'`;
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
    ...EVERY.map((option) => toFishOption(option, isBare)),
    "",
  ].join("\n");
}

const FORMATS: Readonly<Record<Shell, () => string>> = { bash: formatBash, zsh: formatZsh, fish: formatFish };

/** The completion script of a shell. */
export function formatCompletion(shell: Shell): string {
  return FORMATS[shell]();
}
