/** The manual page `quern(1)`, derived from the table of flags; the build writes it into the package. */
import { type CommandRow, commands, type FlagRow, programFlags } from './flags.ts';
import { about, commandNames, commandUsage, flagUsage } from './help.ts';
import { notes } from './notes.ts';

/** Text as roff reads it: no escapes, no requests at the beginning of a line, hyphens that can be copied. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
const bold = (text: string): string => `\\fB${plain(text)}\\fR`;

const flagLines = (rows: Readonly<Record<string, FlagRow>>): string[] =>
  Object.entries(rows).flatMap(([name, row]) => [
    '.TP',
    `${row.short === undefined ? '' : `${bold(`-${row.short}`)}, `}${bold(flagUsage(name, row))}`,
    plain(row.help),
  ]);

const commandLines = (name: (typeof commandNames)[number]): string[] => {
  const { summary, flags, examples = [] }: CommandRow = commands[name];
  return [
    `.SS ${plain(commandUsage(name))}`,
    plain(summary),
    ...flagLines(flags),
    ...(examples.length === 0 ? [] : ['.PP', '.EX', ...examples.map(plain), '.EE']),
  ];
};

/** The text of the page. */
export const manualPage = (version: string): string =>
  [
    `.TH QUERN 1 "" "quern ${plain(version)}"`,
    '.SH NAME',
    `quern \\- run Extism plug\\-ins and WebAssembly`,
    '.SH SYNOPSIS',
    `${bold('quern')} COMMAND [flags] ...`,
    '.SH DESCRIPTION',
    plain(about),
    '.SH COMMANDS',
    ...commandNames.flatMap(commandLines),
    '.SH FLAGS',
    'Flags of every command may precede its name.',
    ...flagLines(programFlags),
    ...notes.flatMap(({ title, lines }) => [
      `.SH ${plain(title.toUpperCase())}`,
      ...lines.flatMap((line) => ['.PP', plain(line.replaceAll('`', ''))]),
    ]),
    '',
  ].join('\n');
