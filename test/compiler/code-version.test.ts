/**
 * Files of build time are bound to a version of generated code. What such code takes from the engine, and how its
 * table is read, must not change under the same version: then this test asks for a new one.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Activation } from '../../src/compiler/activation.ts';
import { fields, HEAD, HIGH_IS_CONSTANT, LOW_IS_CONSTANT, ROW, types } from '../../src/compiler/exits.ts';
import { createAccesses, createArithmetic, viewsOf } from '../../src/compiler/helpers.ts';
import { HostCalls } from '../../src/compiler/host-calls.ts';
import { InterpretedCalls } from '../../src/compiler/interpreted-calls.ts';
import { Leaving } from '../../src/compiler/leaving.ts';
import { CODE_VERSION } from '../../src/compiler/precompiled.ts';
import { commonNames, entryKey, LOOP_KEY, viewNames } from '../../src/compiler/scope.ts';
import { FRAME_WORDS, SHARED_FLOATS, SHARED_WORDS } from '../../src/compiler/target.ts';
import { F64, I32, quern1 } from '../../src/wasm.ts';

/** What belongs to each version. A new one is added when this test asks for it; old ones may go. */
const contracts: Readonly<Record<number, string>> = {
  1: '5a15e2ea923a2038',
};

const leave = (): never => {
  throw new Error('left');
};
/** Functions by name, each with the number of its parameters. */
const signatures = (functions: object): unknown =>
  Object.entries(functions).map(([name, value]) => [name, typeof value === 'function' ? value.length : '']);

test(`version ${CODE_VERSION} of generated code is what it was`, () => {
  const views = viewsOf(new ArrayBuffer(8), 8);
  const contract = JSON.stringify([
    commonNames,
    viewNames,
    signatures(createArithmetic(new Int32Array(2), leave)),
    signatures(views),
    signatures(createAccesses(views, quern1, leave)),
    signatures(new Leaving(leave)),
    ...[HostCalls, InterpretedCalls, Activation].map((part) => Object.getOwnPropertyNames(part.prototype)),
    [entryKey({ params: [I32], results: [F64] } as never), LOOP_KEY],
    [fields, HEAD, ROW, HIGH_IS_CONSTANT, LOW_IS_CONSTANT, types],
    [FRAME_WORDS, SHARED_FLOATS, SHARED_WORDS],
  ]);
  const digest = createHash('sha256').update(contract).digest('hex').slice(0, 16);
  assert.equal(digest, contracts[CODE_VERSION], 'raise CODE_VERSION, and write down what belongs to it');
});
