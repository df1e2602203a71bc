/** docs/metering.md: the fuel contract in words, prices from the schedules and the ABI tables. */

import { wasiAbi } from '../../src/host/wasi/abi.ts';
import { type FuelSchedule, flat1, quern1 } from '../../src/interpreter/fuel.ts';
import { BLOCKS_PER_FUEL_UNIT, kernelAbi } from '../../src/kernel/abi.ts';
import { type FuelClass, instructions } from '../../src/syntax/instructions.ts';
import { code, pageHead, table } from './markdown.ts';

const schedules: readonly FuelSchedule[] = [quern1, flat1];

const contract = `Fuel is counted in Wasm instructions, exactly:

1. A call with fuel _n_ executes the longest prefix of instructions whose cost is at most _n_ and pauses before the first one that it cannot afford. A call that needs exactly _n_ completes.
2. A trap is charged up to and including the instruction that trapped.
3. Operations that cost by size check their bounds first, then charge, then act: one that fails is not charged for its size.
4. The number is the same on every JavaScript engine, with and without a compiler, with and without tracing.

A schedule is a named, versioned table. Changing a price makes a new version and a line under "Fuel" in the changelog.`;

const perUnit = (unit: number, what: string): string =>
  unit === 0 ? 'free' : `1 per ${unit} ${what}, rounded up`;

const classRows = (): string[][] => {
  const classes = Object.keys(quern1.cost) as FuelClass[];
  return classes.map((name) => {
    const rows = instructions.filter((row) => row.fuel === name);
    const some = rows.slice(0, 4).map((row) => code(row.name));
    const examples = rows.length > some.length ? [...some, '…'] : some;
    return [name, ...schedules.map((schedule) => String(schedule.cost[name])), examples.join(' ')];
  });
};

const sizeRows: readonly (readonly [string, (schedule: FuelSchedule) => string])[] = [
  ['entering a function', (s) => String(s.entry)],
  ['locals beyond the parameters, at entry', (s) => perUnit(s.localsPerUnit, 'locals')],
  ['calling the host', (s) => String(s.hostCall)],
  ['bytes across the border to the host', (s) => perUnit(s.hostBytesPerUnit, 'bytes')],
  ['`memory.copy`, `memory.fill`, `memory.init`', (s) => perUnit(s.bulkBytesPerUnit, 'bytes')],
  [
    '`table.copy`, `table.fill`, `table.init`, `table.grow`',
    (s) => perUnit(s.bulkElementsPerUnit, 'elements'),
  ],
  ['`memory.grow` that succeeds', (s) => (s.growPage === 0 ? 'free' : `${s.growPage} per page`)],
];

const kernelRows = (): string[][] =>
  Object.entries(kernelAbi).map(([name, row]) => {
    const size = {
      blocks: `1 per ${BLOCKS_PER_FUEL_UNIT} block headers looked at, growth`,
      zeroed: 'as `memory.fill`, of the bytes in use',
      bytes: 'bytes',
    };
    return [code(name), String(row.fuel), row.perSize === null ? '' : size[row.perSize], row.summary];
  });

/** The page. */
export const meteringPage = (): string => {
  const names = schedules.map(({ name }) => code(name));
  return [
    pageHead('Metering', 'src/interpreter/fuel.ts, src/kernel/abi.ts and src/host/wasi/abi.ts'),
    `${contract}\n`,
    `\`${quern1.name}\` is the default. \`${flat1.name}\` charges one per instruction and per function entry and nothing for structure, \`return\` and \`unreachable\`, which is wasmtime's default rule, so that numbers can be compared.\n`,
    '## Instructions, by class\n',
    table(['class', ...names, 'for example'], classRows()),
    'Which class an instruction is in: [instructions](instructions.md).\n',
    '## Units of work\n',
    table(
      ['what', ...names],
      sizeRows.map(([what, price]) => [what, ...schedules.map(price)]),
    ),
    '## Functions of the Extism kernel and host\n',
    'On top of the price of calling the host, in every schedule:\n',
    table(['function', 'fuel', 'and by size', 'what'], kernelRows()),
    '## Functions of WASI preview 1\n',
    'On top of the price of calling the host, in every schedule; bytes that cross the border cost as above.\n',
    table(
      ['function', 'fuel', 'what'],
      Object.entries(wasiAbi).map(([name, row]) => [code(name), row.fuel, row.summary]),
    ),
  ].join('\n');
};
