/** docs/cli.md, from the table of flags. */
import { type CommandRow, commands, type FlagRow, programFlags } from '../../src/cli/flags.ts';
import { about, commandNames, commandUsage, flagUsage } from '../../src/cli/help.ts';
import { notes } from '../../src/cli/notes.ts';
import { cell, code, pageHead, table } from './markdown.ts';

const flagTable = (rows: Readonly<Record<string, FlagRow>>): string =>
  table(
    ['flag', 'does'],
    Object.entries(rows).map(([name, row]) => [
      [...(row.short === undefined ? [] : [code(`-${row.short}`)]), code(flagUsage(name, row))].join(', '),
      `${cell(row.help)}${row.multiple ? '; may be given several times' : ''}`,
    ]),
  );

const commandPart = (name: (typeof commandNames)[number]): string[] => {
  const { summary, flags, examples = [] }: CommandRow = commands[name];
  return [
    `## ${code(commandUsage(name))}\n`,
    `${summary}\n`,
    ...(examples.length === 0 ? [] : [`\`\`\`\n${examples.join('\n')}\n\`\`\`\n`]),
    ...(Object.keys(flags).length === 0 ? [] : [flagTable(flags)]),
  ];
};

/** The page. */
export const cliPage = (): string =>
  [
    pageHead('The command', 'src/cli/flags.ts'),
    `${about} \`npx quern\` runs it without installing anything.\n`,
    flagTable(programFlags),
    'These may also precede the name of a command. The flags of `quern call` are those of `extism call`, with the same meaning, and more; `--newline` adds the newline that `extism call` writes after each output.\n',
    ...notes.flatMap(({ title, lines }) => [`## ${title}\n`, ...lines.map((line) => `${line}\n`)]),
    '## Completions and manual\n',
    `\`\`\`
source <(quern completions bash)    # in ~/.bashrc
source <(quern completions zsh)     # in ~/.zshrc, after compinit
quern completions fish | source     # in ~/.config/fish/config.fish
\`\`\`
`,
    'After `npm install --global quern`, `man quern` shows the commands and flags.\n',
    ...commandNames.flatMap(commandPart),
  ].join('\n');
