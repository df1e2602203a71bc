/** docs/instructions.md, from the instruction table. */
import { flat1, quern1 } from '../../src/interpreter/fuel/schedules.ts';
import { type SizeTerm, sizeTerms } from '../../src/interpreter/translate/size-terms.ts';
import { type FeatureKey, featureTable } from '../../src/syntax/features.ts';
import { type InstructionRow, instructions } from '../../src/syntax/instructions.ts';
import { code, pageHead, table } from './markdown.ts';

const opcode = ({ prefix, code: number }: InstructionRow): string =>
  code(
    [...(prefix === 0 ? [] : [prefix]), number]
      .map((part) => `0x${part.toString(16).padStart(2, '0')}`)
      .join(' '),
  );

const sizes: Readonly<Record<string, SizeTerm | undefined>> = sizeTerms;

const line = (row: InstructionRow): string[] => [
  opcode(row),
  code(row.name),
  row.immediates.join(', '),
  row.type === 'special' ? 'depends on context' : code(row.type),
  row.since,
  row.fuel,
  String(quern1.cost[row.fuel]),
  sizes[row.name] ?? '',
];

/** The page. */
export const instructionsPage = (): string => {
  const groups = [...new Set(instructions.map((row) => row.group))];
  const features = (Object.keys(featureTable) as FeatureKey[]).map((key) => {
    const { version, isExecuted, summary } = featureTable[key];
    const count = instructions.filter((row) => row.since === key).length;
    return [code(key), version, isExecuted ? 'yes' : 'not yet', count, summary];
  });
  return [
    pageHead('Instructions', 'src/syntax/instructions.ts'),
    `All ${instructions.length} instructions that the decoder knows. A module that uses an instruction of a feature that is not executed is refused with \`unsupported.feature\`. \`addr\` is the address type of the memory. The last columns are the fuel class, its price in \`${quern1.name}\`, and what it also pays for by size; see [metering](metering.md) for \`${flat1.name}\` and for what a size costs.\n`,
    '## Features\n',
    table(['feature', 'version', 'executed', 'instructions', 'what'], features),
    ...groups.flatMap((group) => {
      const rows = instructions.filter((row) => row.group === group);
      const head = [
        'opcode',
        'instruction',
        'immediates',
        'type',
        'feature',
        'fuel class',
        'fuel',
        'by size',
      ];
      return [`## ${group}\n`, table(head, rows.map(line))];
    }),
  ].join('\n');
};
