/** `quern completions`: scripts that complete commands and flags in a shell, derived from the table of flags. */
import {
  type CommandName,
  type CommandRow,
  commands,
  type FlagRow,
  type Parsed,
  programFlags,
} from './flags.ts';
import { commandNames } from './help.ts';
import { flagRowsOf } from './parse.ts';

type Shell = (typeof commands)['completions']['choices'][number];
type Rows = readonly (readonly [string, FlagRow])[];

const rowsOf = (name: CommandName): Rows => Object.entries(flagRowsOf(name));

/** The possible first operands; if empty, it is a file. */
const operandChoices = (name: CommandName): readonly string[] =>
  name === 'help' ? commandNames : ((commands[name] as CommandRow).choices ?? []);

/** A text between single quotes. */
const quoted = (text: string, quote: string): string => `'${text.replaceAll("'", quote)}'`;

/** The ways in which a flag is typed. */
const spellings = ([name, { short }]: readonly [string, FlagRow]): string[] => [
  `--${name}`,
  ...(short === undefined ? [] : [`-${short}`]),
];

/** What bash offers after a flag: its choices, or files where `COMPREPLY` stays empty. */
const bashValues = (rows: Rows): string[] =>
  rows
    .filter(([, { value }]) => value !== undefined)
    .map((row) => `        ${spellings(row).join('|')}) words='${row[1].choices?.join(' ') ?? ''}' ;;`);

const bash = (): string => {
  const caseOf = (name: CommandName): string[] => {
    const rows = rowsOf(name);
    const flags = rows.flatMap(spellings).join(' ');
    return [
      `    ${name})`,
      '      case $previous in',
      ...bashValues(rows),
      `        *) words='${operandChoices(name).join(' ')}'; [[ $current == -* ]] && words='${flags}' ;;`,
      '      esac ;;',
    ];
  };
  const programWords = Object.entries<FlagRow>(programFlags).flatMap(spellings);
  return [
    '# bash completion for quern',
    '_quern() {',
    // Bash makes `=` a word of its own.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= i',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    '  [[ $previous == "=" ]] && previous=${COMP_WORDS[COMP_CWORD-2]}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    '  [[ $current == "=" ]] && previous=${COMP_WORDS[COMP_CWORD-1]} current=',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    '    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }',
    '  done',
    '  case $command in',
    `    '') words='${[...commandNames, ...programWords].join(' ')}' ;;`,
    ...commandNames.flatMap(caseOf),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _quern quern',
    '',
  ].join('\n');
};

const zsh = (): string => {
  const escaped = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');
  const specs = (rows: Rows): string[] =>
    rows.map(([name, { short, value, choices, multiple, help }]) => {
      // A value is in the same word or in the next one.
      const [sameWord, sameLetter] = value === undefined ? ['', ''] : ['=', '+'];
      const long = `--${name}${sameWord}`;
      const names = short === undefined ? long : `{-${short}${sameLetter},${long}}`;
      const values = choices === undefined ? '_files' : `(${choices.join(' ')})`;
      const argument = value === undefined ? '' : `:${escaped(value)}:${values}`;
      const spec = `[${escaped(help)}]${argument}`;
      return `${multiple ? "'*'" : ''}${names}${quoted(spec, "'\\''")}`;
    });
  const caseOf = (name: CommandName): string[] => {
    const choices = operandChoices(name);
    const first = choices.length === 0 ? [] : [`'1:operand:(${choices.join(' ')})'`];
    return [
      `    ${name})`,
      '      _arguments -s \\',
      ...[...specs(rowsOf(name)), ...first].map((spec) => `        ${spec} \\`),
      "        '*:file:_files' ;;",
    ];
  };
  return [
    '#compdef quern',
    '_quern() {',
    '  local i command=',
    '  for ((i = 2; i < CURRENT; i++)); do',
    '    [[ $words[i] == -* ]] || { command=$words[i]; break; }',
    '  done',
    '  if [[ -z $command ]]; then',
    '    local -a commands',
    '    commands=(',
    ...commandNames.map((name) => `      ${quoted(`${name}:${commands[name].summary}`, "'\\''")}`),
    '    )',
    "    _describe 'command' commands",
    `    _arguments -s ${specs(Object.entries<FlagRow>(programFlags)).join(' ')}`,
    '    return',
    '  fi',
    // `_arguments` reads what follows the command.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: zsh's own
    '  words=("${(@)words[i,-1]}")',
    '  ((CURRENT -= i - 1))',
    '  case $command in',
    ...commandNames.flatMap(caseOf),
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_quern" ]; then _quern "$@"; else compdef _quern quern; fi',
    '',
  ].join('\n');
};

const fish = (): string => {
  const text = (value: string): string => quoted(value, "\\'");
  const line = (condition: string, [name, row]: readonly [string, FlagRow]): string => {
    const short = row.short === undefined ? '' : ` -s ${row.short}`;
    const value =
      row.value === undefined ? '' : row.choices === undefined ? ' -r' : ` -xa '${row.choices.join(' ')}'`;
    return `complete -c quern -n ${text(condition)} -l ${name}${short}${value} -d ${text(row.help)}`;
  };
  const first = '__fish_use_subcommand';
  return [
    '# fish completion for quern',
    ...commandNames.map(
      (name) => `complete -c quern -n ${first} -fa ${name} -d ${text(commands[name].summary)}`,
    ),
    ...Object.entries<FlagRow>(programFlags).map((row) => line(first, row)),
    ...commandNames.flatMap((name) => {
      const condition = `__fish_seen_subcommand_from ${name}`;
      const choices = operandChoices(name);
      return [
        ...(choices.length === 0
          ? []
          : [`complete -c quern -n ${text(condition)} -fa '${choices.join(' ')}'`]),
        ...rowsOf(name).map((row) => line(condition, row)),
      ];
    }),
    '',
  ].join('\n');
};

const scripts: Readonly<Record<Shell, () => string>> = { bash, zsh, fish };

/** Runs `quern completions`. */
export const runCompletions = async ({ operands }: Parsed<'completions'>): Promise<void> => {
  process.stdout.write(scripts[operands[0] as Shell]());
};
