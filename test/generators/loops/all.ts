/**
 * Endless loops around everything that a guest can do: every instruction, every function of the kernel and the host,
 * every function of WASI, each with operands that make it cheap and ones that make it dear.
 *
 * A row that is added to a table has loops at once where its type says what it takes; every other does not compile
 * before it is named here.
 */
import { WASI_NAMESPACE } from '../../../src/host/wasi/abi.ts';
import { KERNEL_NAMESPACE } from '../../../src/kernel.ts';
import { instructions, type Mnemonic, type SpecialMnemonic } from '../../../src/syntax/instructions.ts';
import { controlLoops } from './control.ts';
import { exceptionLoops } from './exceptions.ts';
import { kernelLoops } from './kernel.ts';
import type { Forms, Loop, LoopSpec, NoLoop } from './loop.ts';
import { plainForms } from './plain.ts';
import { referenceLoops } from './references.ts';
import { otherLoops, storageLoops } from './storage.ts';
import { wasiLoops } from './wasi.ts';

const specialLoops = {
  ...controlLoops,
  ...exceptionLoops,
  ...referenceLoops,
  ...storageLoops,
} satisfies Readonly<Record<SpecialMnemonic, Forms | NoLoop>>;

const ofInstruction: Readonly<Partial<Record<Mnemonic, Forms | NoLoop>>> = { ...specialLoops, ...otherLoops };

const named = (kind: Loop['kind'], row: string, forms: Forms | NoLoop): Loop[] =>
  typeof forms === 'string'
    ? []
    : Object.entries(forms as Readonly<Record<string, LoopSpec>>).map(([form, spec]) => ({
        kind,
        row,
        form,
        spec,
      }));

const ofTables: readonly (readonly [Loop['kind'], string, Forms | NoLoop])[] = [
  ...instructions.map(
    (row) => ['instruction', row.name, ofInstruction[row.name] ?? plainForms(row)] as const,
  ),
  ...Object.entries(kernelLoops).map(
    ([name, forms]) => ['kernel', `${KERNEL_NAMESPACE} ${name}`, forms] as const,
  ),
  ...Object.entries(wasiLoops).map(([name, forms]) => ['wasi', `${WASI_NAMESPACE} ${name}`, forms] as const),
];

/** Rows that no loop can have. */
export const rowsWithoutLoop: readonly string[] = ofTables
  .filter(([, , forms]) => typeof forms === 'string')
  .map(([, row]) => row);

/** Every loop, in the order of the tables; those of rows whose names contain one of the words, if there are any. */
export const allLoops = (wanted: readonly string[] = []): Loop[] =>
  ofTables
    .filter(([, row]) => wanted.length === 0 || wanted.some((word) => row.includes(word)))
    .flatMap(([kind, row, forms]) => named(kind, row, forms));
