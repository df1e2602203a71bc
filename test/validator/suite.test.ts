/**
 * The official suite's findings about modules: what is valid must be accepted, what is invalid or malformed
 * must be refused with the right class and wording. Execution is not looked at here.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isQuernError, type QuernError } from '../../src/errors.ts';
import {
  decodeModule,
  defaultFeatures,
  type FeatureKey,
  type Features,
  featureTable,
  validateModule,
} from '../../src/wasm.ts';
import { needsShared, shared, sharedFolder } from '../shared.ts';

interface Command {
  readonly type: string;
  readonly line: number;
  readonly at?: readonly [number, number];
  readonly binary_at?: readonly [number, number];
  readonly module_type?: string;
  readonly text?: string;
}

const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);
/** Before custom descriptors, `br_on_cast` relates its two types; the suite's core says so too. */
const coreFeatures: Features = new Set([...allFeatures].filter((key) => key !== 'custom-descriptors'));

/** Commands that hold a module which must pass validation; linking and starting it comes later. */
const wellTyped = new Set(['module', 'module_definition', 'assert_unlinkable', 'assert_uninstantiable']);
const classOf: Readonly<Record<string, string>> = {
  assert_invalid: 'InvalidError',
  assert_malformed: 'MalformedError',
};

/** What the engine says about a module: null when it accepts. Anything but a Quern error is a bug. */
const findingOf = (bytes: Uint8Array, features: Features): QuernError | null => {
  try {
    validateModule(decodeModule(bytes), features);
    return null;
  } catch (error) {
    if (isQuernError(error)) return error;
    throw error;
  }
};

/** The binary of a command, or null when only a text parser could take it. */
const binaryOf = (command: Command, bytes: Uint8Array): Uint8Array | null => {
  const at = command.module_type === 'text' ? command.binary_at : command.at;
  return at === undefined ? null : bytes.subarray(at[0], at[0] + at[1]);
};

/** What is wrong with the engine's answer to a command, or null. */
const faultOf = (command: Command, bytes: Uint8Array, features: Features): string | null => {
  const finding = findingOf(bytes, features);
  const said = finding === null ? 'valid' : `${finding.name}: ${finding.message}`;
  const expected = classOf[command.type];
  const isRight =
    expected === undefined
      ? finding === null
      : finding?.name === expected && finding.message.startsWith(command.text!);
  return isRight ? null : `wants ${expected ?? 'valid'}: ${command.text ?? ''}; got ${said}`;
};

const filesOf = (group: string): string[] =>
  sharedFolder === null
    ? []
    : readdirSync(shared('spec-suite', group))
        .filter((name) => name.endsWith('.json'))
        .map((name) => `${group}/${name.slice(0, -5)}`);

const load = (file: string): { commands: Command[]; bytes: Uint8Array } => ({
  commands: JSON.parse(readFileSync(shared('spec-suite', `${file}.json`), 'utf8')).commands,
  bytes: readFileSync(shared('spec-suite', `${file}.bin`)),
});

/** Commands that contradict the rest of the suite, with reasons; see `known.json` there. */
const superseded = (file: string): ReadonlySet<number> => {
  const known: { superseded: { file: string; lines: number[] }[] } = JSON.parse(
    readFileSync(shared('spec-suite', 'known.json'), 'utf8'),
  );
  return new Set(
    known.superseded.filter((entry) => entry.file === `${file}.wast`).flatMap((entry) => entry.lines),
  );
};

const checkFile = (file: string, features: Features, faults: string[]): number => {
  const { commands, bytes } = load(file);
  const left = superseded(file);
  let count = 0;
  for (const command of commands) {
    if (left.has(command.line)) continue;
    if (!wellTyped.has(command.type) && classOf[command.type] === undefined) continue;
    const binary = binaryOf(command, bytes);
    if (binary === null) continue;
    const fault = faultOf(command, binary, features);
    if (fault !== null) faults.push(`${file}:${command.line} ${fault}`);
    count++;
  }
  return count;
};

const groups = [
  'core',
  'custom',
  'legacy',
  'extra/spec',
  'extra/threads',
  'proposals/threads',
  'proposals/custom-page-sizes',
  'proposals/wide-arithmetic',
  'proposals/custom-descriptors',
];

describe('modules of the official suite, all features on', needsShared, () => {
  for (const group of groups) {
    test(group, (t) => {
      const faults: string[] = [];
      let count = 0;
      for (const file of filesOf(group)) {
        count += checkFile(file, group === 'core' ? coreFeatures : allFeatures, faults);
      }
      t.diagnostic(`${count} modules`);
      assert.deepEqual(faults, []);
      assert.ok(count > 0);
    });
  }
});

describe('modules of the official suite, default features', needsShared, () => {
  test('a valid module is accepted, or the feature it lacks is named', (t) => {
    const lacking = new Map<string, number>();
    let accepted = 0;
    for (const file of filesOf('core')) {
      const { commands, bytes } = load(file);
      for (const command of commands) {
        if (!wellTyped.has(command.type)) continue;
        const binary = binaryOf(command, bytes);
        if (binary === null) continue;
        const finding = findingOf(binary, defaultFeatures);
        if (finding === null) {
          accepted++;
          continue;
        }
        assert.equal(finding.name, 'UnsupportedError', `${file}:${command.line}: ${finding.message}`);
        const feature = finding.details.feature as FeatureKey;
        assert.ok(!defaultFeatures.has(feature), `${file}:${command.line}: ${feature} is enabled`);
        lacking.set(feature, (lacking.get(feature) ?? 0) + 1);
      }
    }
    t.diagnostic(`${accepted} accepted`);
    for (const [feature, count] of lacking) t.diagnostic(`${count} need ${feature}`);
    assert.ok(accepted > 1000);
  });
});
