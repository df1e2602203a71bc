/** docs/metering.md: the fuel contract in words, prices from the schedules and the ABI tables. */

import { COMMAND_WEIGHTS as weights } from '../../src/host/linking/command-module.ts';
import { type WasiFunctionRow, wasiAbi, wasiWork } from '../../src/host/wasi/abi.ts';
import {
  circularClasses,
  MAX_CALL_PRICE,
  MAX_PAGE_PRICE,
  MAX_PRICE,
} from '../../src/interpreter/fuel/check-schedule.ts';
import {
  type FuelSchedule,
  fieldsPerUnit,
  flat1,
  quern1,
  wasmtime46,
} from '../../src/interpreter/fuel/schedules.ts';
import { type SizeTerm, sizeTerms } from '../../src/interpreter/translate/size-terms.ts';
import { BLOCKS_PER_FUEL_UNIT, kernelAbi, TEXT_WEIGHT } from '../../src/kernel/abi.ts';
import type { FuelClass } from '../../src/syntax/instruction-row.ts';
import { instructions } from '../../src/syntax/instructions.ts';
import { code, pageHead, table } from './markdown.ts';

const schedules: readonly FuelSchedule[] = [quern1, flat1, wasmtime46];

const contract = `Fuel is counted in Wasm instructions, exactly:

1. A call with fuel _n_ executes the longest prefix of instructions whose cost is at most _n_ and pauses before the first one that it cannot afford. A call that needs exactly _n_ completes. The price of entering a function is due with its first instruction.
2. A trap is charged up to and including the instruction that trapped.
3. Operations that cost by size check their bounds first, then charge, then act: one that fails is not charged for its size.
4. A call into the host pays its fixed price before the host function runs. What the function moves, or charges for its own work (\`CurrentPlugin.charge\`), is known only afterwards; it is charged then. If it exceeds the fuel left, the call owes the rest: no further instruction runs, and the call does not return, before it is paid. The fuel left is never below zero.
5. Whether fuel is given in one go or in pieces makes no difference.
6. The number is the same on every JavaScript engine, with and without a compiler, with and without tracing.

A schedule is a named, versioned table. Changing a price makes a new version and a line under "Fuel" in the changelog.

Work of the embedder is not charged: making a plug-in, preparing a call, reading its output. The initialisation of a plug-in runs code of the plug-in; its fuel is \`plugin.fuelConsumed\` before the first call.

## Out of fuel

\`plugin.call\` rejects with \`exhaustion.fuel\`, which says how much was used and where the plug-in was. \`plugin.startCall\` returns a call that pauses instead, and can be resumed with more:

\`\`\`js
const call = await plugin.startCall('count', 'Hello', { fuel: 10_000 });
while ((await call.run()) === 'paused') call.addFuel(10_000);
console.log(call.output.text(), call.fuelConsumed);
\`\`\`

\`call.backtrace\` shows its position, \`call.cancel()\` cancels it, \`call.requestPause()\` pauses it for other reasons than fuel. The plug-in is busy until the call has ended. However it ended, kernel memory is fresh for the next call, and host functions that are still running no longer affect the plug-in; memory, globals and tables are as the call left them, or new with \`renewAfterFailure\`.

## A schedule of your own

\`defineSchedule\`, the \`schedule\` option and \`--schedule FILE.json\` take a table of the same shape:

\`\`\`js
const mine = defineSchedule({
  ...quern1,
  name: 'mine-1',
  cost: { ...quern1.cost, div: 20 },
  functions: { 'extism:host/user send': 500 },
});
\`\`\`

It is checked, and refused with \`usage.schedule\`, to guarantee two things. Nothing can run forever without paying: ${circularClasses.map((name) => `\`${name}\``).join(', ')} must cost something, since every cycle contains one of them. And no sum exceeds 32 bits. Prices are whole numbers: of an instruction at most ${MAX_PRICE}, of a call or an entry at most ${MAX_CALL_PRICE.toLocaleString('en')}, of a page at most ${MAX_PAGE_PRICE.toLocaleString('en')}; \`structure\` is 0; \`…PerUnit\` says how many bytes, locals or elements one unit pays for, 0 for free. Every class and unit is required, except for \`fieldsPerUnit\`. \`functions\` prices host functions by namespace and name, instead of the prices below. The names of Quern's schedules are reserved; put a version into yours, and change it with the prices. Deadlines, signals and time slices are checked at intervals of fuel: with prices far below those of \`quern-1\`, a unit represents more time, and they are noticed later. If sizes are free or cheap, they are checked after each sized operation.`;

const vectors = `[fuel-vectors.json](fuel-vectors.json) contains programs with their fuel, so that another engine can be checked against this one. \`npm run gen:fuel-vectors\` writes it.

- \`schedules\`: the used tables, in full.
- \`programs\`: \`{id, schedule, modules | suite, calls}\`. \`modules\` are base64; the second may import from the first under the name \`m0\`. \`suite\` names a module of the official suite by file, byte range and SHA-256. The calls go to the same instances, in order.
- A call: \`{module, name, args?, results? | trap?, fuel, memory, pauses?}\`. Values are the bits as unsigned decimals. \`trap\` is an [error code](errors.md). \`memory\` is the first 16 hex digits of the SHA-256 over, for each memory of the first module, its length in decimal, a space, and its bytes. \`pauses\` are \`{n, used, memory}\`: the same call with fuel \`n\`, made on new instances after the same preceding calls, pauses having used \`used\`, with \`memory\` as the contents of memory.
- \`plugins\`: \`{id, schedule, plugin, initialisation, calls}\`, recorded plug-ins by file and SHA-256, with the \`deterministic\` option; \`output\` is a SHA-256, \`error\` a code.

Generated programs import three functions of \`env\`: \`mix(a: i32, b: i64) → i32\` is \`a · 31 + b\` modulo 2³² of the unsigned values; \`log(i32)\` does nothing; \`pair() → (i64, i32)\` returns \`c · (−2³² − 1)\` and \`c\`, where \`c\` counts its calls, from 1, since the program was made. Each costs \`hostCall\`.`;

const perUnit = (unit: number, what: string): string =>
  unit === 0 ? 'free' : `1 per ${unit} ${what}, rounded up`;

/** For sizes whose first unit is included in the price of the class, or of the entry. */
const perFurtherUnit = (unit: number, what: string): string =>
  unit === 0 ? 'free' : `1 per ${unit} ${what} beyond ${unit}, rounded up`;
/** The instructions with one of these size terms. */
const named = (...terms: readonly SizeTerm[]): string =>
  Object.entries(sizeTerms)
    .filter(([, term]) => terms.includes(term))
    .map(([name]) => code(name))
    .join(', ');

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
  ['results of a function, at entry', (s) => perFurtherUnit(s.valuesPerUnit, 'values')],
  [`values of the label: ${named('label', 'labels')}`, (s) => perFurtherUnit(s.valuesPerUnit, 'values')],
  ['results of a `try`, at its beginning', (s) => perFurtherUnit(s.valuesPerUnit, 'values')],
  [`values of an exception: ${named('tag', 'thrown')}`, (s) => perFurtherUnit(s.valuesPerUnit, 'values')],
  [
    'handlers and clauses that the search for a handler visits',
    (s) => perFurtherUnit(s.clausesPerUnit, 'of them'),
  ],
  [`words of fields: ${named('fields')}`, (s) => perFurtherUnit(fieldsPerUnit(s), 'words')],
  [`operands: ${named('operands')}`, (s) => perFurtherUnit(fieldsPerUnit(s), 'operands')],
  ['calling the host', (s) => String(s.hostCall)],
  ['bytes that cross the boundary to the host', (s) => perUnit(s.hostBytesPerUnit, 'bytes')],
  [named('bytes'), (s) => perUnit(s.bulkBytesPerUnit, 'bytes')],
  [named('elements'), (s) => perUnit(s.bulkElementsPerUnit, 'elements')],
  [
    'a linked command, for each call',
    (s) =>
      [
        s.growPage === 0 ? '' : `${s.growPage} per page`,
        s.bulkBytesPerUnit === 0 ? '' : `1 per ${s.bulkBytesPerUnit} bytes of data`,
        s.bulkElementsPerUnit === 0 ? '' : `1 per ${s.bulkElementsPerUnit} of everything else, by weight`,
      ]
        .filter((text) => text !== '')
        .join(', ') || 'free',
  ],
  ['`memory.grow` that succeeds', (s) => (s.growPage === 0 ? 'free' : `${s.growPage} per page`)],
];

const kernelRows = (): string[][] =>
  Object.entries(kernelAbi).map(([name, row]) => {
    const size = {
      blocks: `1 per ${BLOCKS_PER_FUEL_UNIT} block headers visited, growth`,
      zeroed: 'as `memory.fill`, of the bytes in use',
      text: 'text',
      key: 'text of the key or request, bytes',
    };
    return [code(name), String(row.fuel), row.perSize === null ? '' : size[row.perSize], row.summary];
  });

/** The page. */
export const meteringPage = (): string => {
  const names = schedules.map(({ name }) => code(name));
  return [
    pageHead('Metering', 'src/interpreter/fuel/schedules.ts, src/kernel/abi.ts and src/host/wasi/abi.ts'),
    `${contract}\n`,
    `\`${quern1.name}\` is the default. \`${flat1.name}\` charges one per instruction and per function entry and nothing for structure, \`return\` and \`unreachable\`: wasmtime's default rule up to its version 45. \`${wasmtime46.name}\` also charges one for each byte and element that bulk operations move or make: wasmtime's default rule since version 46, of May 2026. With both, the fuel of a call that returns equals wasmtime's, so that numbers can be compared; \`npm run wasmtime-fuel -- CHECKOUT\` checks the second against the assertions of wasmtime's own \`tests/all/fuel.wast\`. Some differences remain: making an instance costs nothing here, while wasmtime 46 runs constant expressions and the start function from an extra function, which costs one to enter and one to call from; a bulk operation that fails is not charged for its size here; and wasmtime stops at the next entry or loop once its fuel is used up, not before the first instruction that it cannot afford.\n`,
    '## Instructions, by class\n',
    table(['class', ...names, 'for example'], classRows()),
    'Which class an instruction is in: [instructions](instructions.md).\n',
    '## Units of work\n',
    table(
      ['what', ...names],
      sizeRows.map(([what, price]) => [what, ...schedules.map(price)]),
    ),
    `A v128 counts as two values, except for locals and operands of \`array.new_fixed\`. In a structure, an i64 and an f64 are two words, a v128 is four, everything else is one. A branch pays whether or not it is taken. The search for the handler of an exception visits every \`try_table\` and \`try\` around the instruction that throws, from the inside outwards, in all frames, and their clauses in order, including the one that matches; a \`try\` that delegates counts as one, and the search continues at its target. A search without a result is also paid. If a host function throws, the search is owed. By weight, a call of a linked command counts as ${weights.command} elements, each function, global, tag, export and segment of it as ${weights.part}, each entry of an element segment as ${weights.element}, each byte of its tables and of objects of its constant expressions as ${weights.heapByte}.\n`,
    '## Functions of the Extism kernel and host\n',
    `On top of the price of calling the host, in every schedule without prices of its own. Bytes are those of values, bodies and responses; text is what the host reads or writes as text: keys, configured values, messages, requests and headers, of which a byte counts ${TEXT_WEIGHT} times. Work on blocks is paid with all functions. Bytes that your host functions read and store through \`CurrentPlugin\` cost the same.\n`,
    table(['function', 'fuel', 'and by size', 'what'], kernelRows()),
    '## Functions of WASI preview 1\n',
    'On top of the price of calling the host, in every schedule without prices of its own. Bytes that cross the boundary cost as above: contents, names, strings, returned entries of a listing. Work by size costs the same for every kind of file tree.\n',
    table(
      ['work', 'fuel', 'of what'],
      Object.entries(wasiWork).map(([name, { fuel, per, what }]) => [
        name,
        per === 1 ? `${fuel} each` : `${fuel} per ${per}, rounded up`,
        what,
      ]),
    ),
    table(
      ['function', 'fuel', 'and work', 'what'],
      Object.entries<WasiFunctionRow>(wasiAbi).map(([name, row]) => [
        code(name),
        row.fuel,
        row.work.join(', '),
        row.summary,
      ]),
    ),
    '## Vectors\n',
    `${vectors}\n`,
  ].join('\n');
};
