/**
 * Every public name is documented, and shown by an example that does what it says.
 *
 * An example is a block of JavaScript (`js`) or TypeScript (`ts`) in a docstring. It prints; `// → …` says what.
 * Names that the package exports are imported for it. It may use the example plug-ins, and without declaring them
 * - `doubleWasm`, the bytes of a module that exports `double`;
 * - `logWasm`, those of a plug-in whose `log` logs its input as a warning;
 * - `echoWasm`, those of a plug-in whose `echo` copies WASI's standard input to its standard output;
 * - `functions`, what the example plug-in `counter` needs of its host.
 *
 * Blocks of TypeScript are compiled against the declarations that are shipped, with the options of the project, and
 * run without their types. A public type has such a block, or the line "Example: see `Name`.", and the example, its
 * own or that of the other name, must use it by name.
 *
 * Blocks in the docstrings of members run as well.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { buildExamples } from './example-plugins.ts';
import {
  type Example,
  findHiddenNames,
  folder,
  type PublicName,
  publicNames,
  stripTypes,
  typeCheck,
} from './public-names.ts';

/** What public declarations name and users need no name for. */
const hidden = [
  // Helpers of the compiler, which it writes out where users look.
  ...[
    'AnyShape',
    'ManifestWasmBase',
    'Mnemonic',
    'NamesBy',
    'Now',
    'NumberKinds',
    'ResultOf',
    'Row',
    'ValuesOf',
  ],
  'CompType',
  'levelNumbers',
  // Parts of a decoded module, found in it by its members.
  ...[
    'CustomSection',
    'DataSegment',
    'ElementSegment',
    'Func',
    'Global',
    'ImportList',
    'SectionRange',
    'Table',
  ],
  // Parts of instances and of file trees that are the engine's business.
  ...['AttributeMemory', 'MemoryTree', 'OpenDirectory', 'AnchorKind', 'Storable', 'CodeUnit'],
  ...['HostFuncInstance', 'WasmFuncInstance'],
  ...['HeapBudget', 'InstructionReader', 'PageBudget', 'RecGroup', 'SharedCells', 'WaiterQueue'],
];

/** What an example prints. */
const run = async (example: Example): Promise<string[]> => {
  const file = example.path.replace(/\.mts$/, '.mjs');
  writeFileSync(file, stripTypes(example));
  const printed: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    printed.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
  };
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return printed;
};

const typed = publicNames
  .flatMap(({ examples, memberExamples }) => [...examples, ...memberExamples])
  .filter(({ language }) => language === 'ts');

/** The examples that a type may be shown by: its own, or those that its docstring points to. */
const examplesOfType = ({ examples, entry, text }: PublicName): readonly Example[] => {
  const other = /^Example: see `(\w+)`\.$/m.exec(text)?.[1];
  if (other === undefined) return examples;
  assert.deepEqual(examples, [], 'an example of its own, and a line that points elsewhere');
  const named = publicNames.filter(({ name }) => name === other);
  const target = named.find((item) => item.entry === entry) ?? named[0];
  assert.ok(target !== undefined, `it points to ${other}, which is no public name`);
  return target.examples;
};

describe('public names', () => {
  let complaints: ReturnType<typeof typeCheck> = new Map();

  before(() => {
    buildExamples();
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { path, module } of typed) writeFileSync(path, module);
    complaints = typeCheck(typed.map(({ path }) => path));
  });

  test('have a docstring', () => {
    assert.ok(publicNames.length > 200);
    assert.deepEqual(
      publicNames.filter(({ text }) => text === '').map(({ name }) => name),
      [],
    );
  });

  test('have declarations that compile without skipLibCheck', () => {
    const declared = [...complaints].filter(([path]) => path.endsWith('.d.ts'));
    assert.deepEqual(
      declared.flatMap(([, texts]) => texts),
      [],
    );
  });

  test('are declared by public names, but for what is no concern of users', () => {
    assert.deepEqual([...findHiddenNames().keys()].sort(), hidden.sort());
  });

  for (const item of publicNames) {
    const { name, examples, memberExamples, isValue } = item;
    if (!isValue) {
      test(`${name}: an example of TypeScript uses the type`, () => {
        const shown = examplesOfType(item).filter(({ language }) => language === 'ts');
        assert.ok(shown.length > 0, 'no example of TypeScript');
        assert.ok(
          shown.some(({ uses }) => uses.has(name)),
          `the example never names ${name}`,
        );
      });
    } else if (examples.length === 0) test(`${name}: has an example`, () => assert.fail('no example'));
    for (const example of [...examples, ...memberExamples]) {
      test(`${name}: the example does what it says (${basename(example.path)})`, async () => {
        const complaint = complaints.get(example.path)?.join('\n') ?? '';
        assert.equal(complaint, '', `the example of ${name} does not compile: ${complaint}`);
        const expected = [...example.code.matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1]!);
        assert.ok(expected.length > 0, 'the example says nothing');
        assert.deepEqual(await run(example), expected);
      });
    }
  }
});
