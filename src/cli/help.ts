/** Help texts, derived from the table of flags. */
import { type CommandName, type CommandRow, commands, type FlagRow, programFlags } from './flags.ts';
import { flagRowsOf } from './parse.ts';

/** Every command, in the order of the table. */
export const commandNames = Object.keys(commands) as readonly CommandName[];

/** A flag as it is typed, with the placeholder of its value. */
export const flagUsage = (name: string, { value }: FlagRow): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}`;

const flagLine = ([name, row]: [string, FlagRow]): string => {
  const left = `${row.short === undefined ? '    ' : `-${row.short}, `}${flagUsage(name, row)}`;
  return left.length < 32 ? `  ${left.padEnd(32)}${row.help}` : `  ${left}\n${' '.repeat(34)}${row.help}`;
};

/** How a command is called, in one line. */
export const commandUsage = (name: CommandName): string => {
  const { operands, optional = 0, repeats, rest }: CommandRow = commands[name];
  const least = operands.length - optional;
  const shown = operands.map((operand, i) => (i < least ? operand : `[${operand}]`)).join(' ');
  return `quern ${name} [flags] ${shown}${rest === undefined ? (repeats ? '...' : '') : ` [${rest}...]`}`;
};

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines];

/** Help text of a command. */
export const commandHelp = (name: CommandName): string => {
  const { summary, examples = [] }: CommandRow = commands[name];
  return [
    summary,
    ...['', `Usage: ${commandUsage(name)}`],
    ...list(
      'Examples',
      examples.map((line) => `  ${line}`),
    ),
    ...list('Flags', Object.entries(flagRowsOf(name)).map(flagLine)),
    '',
  ].join('\n');
};

/** What the program is, in a sentence. */
export const about = 'Quern runs Extism plug-ins on its own WebAssembly engine.';

/** Help text of the program. */
export const programHelp = (): string =>
  [
    about,
    ...['', 'Usage: quern COMMAND [flags] ...'],
    ...list(
      'Commands',
      commandNames.map((name) => `  ${name.padEnd(13)}${commands[name].summary}`),
    ),
    ...list('Flags', Object.entries(programFlags).map(flagLine)),
    ...list('First steps', [
      '  quern new plugin hello                     make a plug-in of your own',
      '  quern inspect plugin.wasm                  show what a plug-in needs, and how to call it',
      '  quern call plugin.wasm greet --input Ada  call a plug-in',
    ]),
    '',
    'quern help COMMAND shows the flags of a command.',
    '',
  ].join('\n');
