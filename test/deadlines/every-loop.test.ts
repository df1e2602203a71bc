/**
 * Every loop stops: one around every instruction and every function of the kernel, the host and WASI, cheap and dear,
 * by `timeoutMs` and by `signal`. Generated from the tables, so that a new row is looked at, too.
 *
 * How late a call is stopped is measured by `npm run bench -- deadline`; here it only must be within seconds, since
 * other things run on the machine.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WASI_NAMESPACE, wasiAbi } from '../../src/host/wasi/abi.ts';
import { instructions } from '../../src/inspect.ts';
import { KERNEL_NAMESPACE, kernelAbi } from '../../src/kernel.ts';
import { allLoops, rowsWithoutLoop } from '../generators/loops/all.ts';
import { type StopSettings, stopLoops } from '../generators/loops/stopping.ts';
import type { TreeKind } from '../generators/loops/surroundings.ts';

const settings = (where: TreeKind): StopSettings => ({
  ...{ words: [], where, timeoutMs: 2, abortMs: 3, timeSliceMs: 1 },
});
const expected = { timeoutMs: 'interrupted.timeout', signal: 'interrupted.cancelled' } as const;

/** So many that are wrong end the test: each that never ends takes ten seconds. */
const ENOUGH = 10;

describe('every loop', () => {
  test('every row has a cheap and a dear one, or cannot be passed', () => {
    const forms = new Set(allLoops().map(({ row, form }) => `${row}, ${form}`));
    const rows = [
      ...instructions.map(({ name }) => name),
      ...Object.keys(kernelAbi).map((name) => `${KERNEL_NAMESPACE} ${name}`),
      ...Object.keys(wasiAbi).map((name) => `${WASI_NAMESPACE} ${name}`),
    ];
    assert.deepEqual(
      rows.filter((row) => !forms.has(`${row}, cheap`) || !forms.has(`${row}, dear`)),
      rowsWithoutLoop,
    );
    assert.deepEqual(rowsWithoutLoop, ['unreachable', `${WASI_NAMESPACE} proc_exit`]);
  });

  for (const where of ['memory', 'directory'] as const) {
    test(`is stopped by a deadline and by a signal, with files in ${where}`, async () => {
      const loops = allLoops();
      const wrong: string[] = [];
      const seen = new Set<string>();
      await stopLoops(settings(where), ({ index, way, outcome }) => {
        const { row, form } = loops[index]!;
        seen.add(`${index} ${way}`);
        if (outcome !== expected[way]) wrong.push(`${row}, ${form}, by ${way}: ${outcome}`);
        if (wrong.length >= ENOUGH) assert.fail(wrong.join('\n'));
      });
      assert.deepEqual(wrong, []);
      const wanted = loops.filter(({ spec }) => where === 'memory' || spec.needs?.files === true).length;
      assert.equal(seen.size, 2 * wanted);
    });
  }
});
