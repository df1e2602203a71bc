/**
 * Checks custom schedules: an embedder's own table, from code or from JSON.
 *
 * Two things are guaranteed for every table. Every way to run forever costs something, so that no fuel limit can be
 * evaded: only a branch, a call or an exception can lead back to code that ran before, and none of them may be free.
 * And no sum of prices exceeds 32 bits, in which the loop counts.
 */

import { reading } from '../../errors/arguments.ts';
import { isRecord, isWholeNumber, wholeNumberText } from '../../errors/checks.ts';
import { UsageError } from '../../errors/errors.ts';
import { nameText, valueText } from '../../errors/texts.ts';
import type { FuelClass } from '../../syntax/instruction-row.ts';
import { type FuelSchedule, quern1, schedules } from './schedules.ts';

/** Every cycle of execution contains at least one of these classes. */
export const circularClasses: readonly FuelClass[] = ['branch', 'call', 'exception'];

const fuelClasses = Object.keys(quern1.cost) as FuelClass[];

/** Most fuel of one instruction: the longest accepted function, as a single stretch, stays below 2^31. */
export const MAX_PRICE = 255;
/** Most fuel of a call into the host, or of entering a function. */
export const MAX_CALL_PRICE = 65_535;
/** Most fuel of one page: growth by all possible pages stays below 2^31. */
export const MAX_PAGE_PRICE = 65_535;
/** Most characters of a name. */
const MAX_NAME = 64;
/** Most bytes or elements of one unit. */
const MAX_UNIT = 0x7fff_ffff;

/** Prices other than those of instructions: the least and the most. */
const units: Readonly<
  Record<Exclude<keyof FuelSchedule, 'name' | 'cost' | 'fieldsPerUnit' | 'functions'>, number>
> = {
  entry: MAX_CALL_PRICE,
  localsPerUnit: MAX_UNIT,
  valuesPerUnit: MAX_UNIT,
  clausesPerUnit: MAX_UNIT,
  hostCall: MAX_CALL_PRICE,
  hostBytesPerUnit: MAX_UNIT,
  bulkBytesPerUnit: MAX_UNIT,
  bulkElementsPerUnit: MAX_UNIT,
  growPage: MAX_PAGE_PRICE,
};

const bad = (detail: string): Error => new UsageError('usage.schedule', { detail });

const checkPrice = (value: unknown, path: string, most: number, least = 0): number => {
  if (isWholeNumber(value, least, most)) return value;
  throw bad(`${path} must be ${wholeNumberText(least, most)}, not ${valueText(value)}`);
};

const checkKeys = (
  fields: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
): void => {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw bad(`${path}${unknown} is unknown; expected one of ${known.join(', ')}`);
};

const checkName = (value: unknown): string => {
  if (typeof value !== 'string' || value.length > MAX_NAME || !/^[\w.-]+$/.test(value))
    throw bad(`name must be 1 to ${MAX_NAME} letters, digits, dots and dashes`);
  if (schedules.has(value)) throw bad(`the name "${nameText(value)}" belongs to a schedule of Quern`);
  return value;
};

const checkCosts = (value: unknown): FuelSchedule['cost'] => {
  if (!isRecord(value)) throw bad('cost must be an object with a price for each class of instructions');
  checkKeys(value, fuelClasses, 'cost.');
  const entries = fuelClasses.map((name) => {
    const least = circularClasses.includes(name) ? 1 : 0;
    // Blocks and labels execute nothing, so there is nothing to charge for.
    const most = name === 'structure' ? 0 : MAX_PRICE;
    return [name, checkPrice(value[name], `cost.${name}`, most, least)] as const;
  });
  return Object.freeze(Object.fromEntries(entries) as Record<FuelClass, number>);
};

const checkFunctions = (value: unknown): FuelSchedule['functions'] => {
  if (!isRecord(value)) throw bad('functions must be an object with prices by "namespace name"');
  const entries = Object.entries(value).map(([key, price]) => {
    if (!/^\S+ \S+$/.test(key)) throw bad(`functions: "${key}" is not a namespace, a space and a name`);
    return [key, checkPrice(price, `functions["${key}"]`, MAX_CALL_PRICE)] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
};

const copyOf = (value: unknown): FuelSchedule => {
  if (!isRecord(value)) throw bad('a schedule must be an object');
  const unitNames = Object.keys(units) as (keyof typeof units)[];
  checkKeys(value, ['name', 'cost', 'functions', 'fieldsPerUnit', ...unitNames], '');
  const name = checkName(value['name']);
  const prices = Object.fromEntries(
    unitNames.map((unit) => [unit, checkPrice(value[unit], unit, units[unit])]),
  ) as Record<keyof typeof units, number>;
  return {
    name,
    cost: checkCosts(value['cost']),
    ...prices,
    ...(value['fieldsPerUnit'] === undefined
      ? {}
      : { fieldsPerUnit: checkPrice(value['fieldsPerUnit'], 'fieldsPerUnit', MAX_UNIT) }),
    ...(value['functions'] === undefined ? {} : { functions: checkFunctions(value['functions']) }),
  };
};

/** Checked copies by their originals: code is translated once for each. */
const copies = new WeakMap<object, { readonly text: string; readonly copy: FuelSchedule }>();
const isChecked = new WeakSet<object>([...schedules.values()]);

/**
 * Checks a schedule; the result is a frozen copy, or the schedule itself if it is already one.
 *
 * ```js
 * const mine = defineSchedule({ ...quern1, name: 'mine-1', cost: { ...quern1.cost, div: 20 } });
 * console.log(mine.cost.div, new Store({ schedule: mine }).schedule.name); // → 20 mine-1
 * ```
 *
 * @param value a table, e.g. parsed JSON
 * @throws UsageError `usage.schedule`: a class without a price, a price that is not a whole number within bounds, a
 *   name that is taken, something free that a program could repeat forever
 */
export const defineSchedule = (value: FuelSchedule | object): FuelSchedule => {
  const given = reading('a schedule', () => (isRecord(value) && isChecked.has(value) ? value : null));
  if (given !== null) return given as unknown as FuelSchedule;
  const made = reading('a schedule', () => copyOf(value));
  const text = JSON.stringify(made);
  const known = copies.get(value);
  if (known?.text === text) return known.copy;
  const copy = Object.freeze(made);
  isChecked.add(copy);
  copies.set(value, { text, copy });
  return copy;
};

/** The schedule of a name, or a table after checking; the default for undefined. @throws UsageError */
export const selectSchedule = (value: FuelSchedule | string | undefined): FuelSchedule => {
  if (value === undefined) return quern1;
  if (typeof value !== 'string') return defineSchedule(value);
  const schedule = schedules.get(value);
  if (schedule !== undefined) return schedule;
  throw bad(
    `unknown fuel schedule "${nameText(value)}"; expected one of ${[...schedules.keys()].join(', ')}`,
  );
};
