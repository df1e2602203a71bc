/** Mutations of JSON: of values by kind, of keys, of items, and of the text. */
import type { Random } from '../generators/random.ts';

/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const numbers = [
  ...[0, 1, -1, 2, 0.5, -0, 255, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
  ...[2 ** 53, -(2 ** 53), 1e300, 1e-300],
];
const texts = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1',
    'null',
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\u001b[2J',
    '\ud800',
  ],
  ...[
    '/',
    '..',
    '*',
    'ro:',
    'main',
    'i32:0',
    '18446744073709551616',
    '-9223372036854775809',
    'AA==',
    '====',
    'é',
  ],
];
const someValue = (random: Random): Json =>
  random.weighted<() => Json>([
    [3, () => random.pick(numbers)],
    [3, () => random.pick(texts)],
    [1, () => null],
    [1, () => random.chance(50)],
    [1, () => []],
    [1, () => ({})],
    [1, () => [random.pick(texts), random.pick(numbers)]],
  ])();

const changeText = (random: Random, text: string): string => {
  if (text === '' || random.chance(25)) return random.pick(texts);
  const at = random.below(text.length);
  const count = 1 + random.below(random.chance(80) ? 4 : text.length);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + text.slice(at + count);
    case 1:
      return text.slice(0, at) + text.slice(at, at + count) + text.slice(at);
    case 2:
      return text.slice(0, at) + random.pick(texts) + text.slice(at);
    case 3:
      return /^\d+$/.test(text)
        ? String(random.pick(numbers))
        : text.slice(0, at) + random.pick('09afAZ+/=- ".{'.split('')) + text.slice(at + 1);
    default:
      return (
        text.slice(0, at) +
        String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(7))) +
        text.slice(at + 1)
      );
  }
};

/** Another key: that of a sibling, in the other spelling, or a strange one. */
const changeKey = (random: Random, key: string): string =>
  random.weighted<() => string>([
    [1, () => random.pick(texts)],
    [1, () => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)],
    [1, () => changeText(random, key)],
  ])();

const changeNumber = (random: Random, value: number): Json =>
  random.weighted<() => Json>([
    [3, () => value + random.pick([1, -1, 0.5])],
    [2, () => value * random.pick([2, -1, 10, 1000])],
    [4, () => random.pick(numbers)],
    [1, () => String(value)],
  ])();

/** Whether the children are gone into rather than the value itself changed. */
const DESCEND = 80;

const mutateValue = (random: Random, value: Json): Json => {
  if (random.chance(6)) return someValue(random);
  if (typeof value === 'number') return changeNumber(random, value);
  if (typeof value === 'string') return random.chance(92) ? changeText(random, value) : someValue(random);
  if (value === null || typeof value === 'boolean')
    return typeof value === 'boolean' && random.chance(60) ? !value : someValue(random);
  if (Array.isArray(value)) return mutateList(random, value);
  const entries = Object.entries(value);
  if (entries.length === 0) return { [random.pick(texts)]: someValue(random) };
  const at = random.below(entries.length);
  const [key, item] = entries[at]!;
  if (random.chance(DESCEND)) entries[at] = [key, mutateValue(random, item)];
  else if (random.chance(40)) entries.splice(at, 1);
  else if (random.chance(50)) entries[at] = [changeKey(random, key), item];
  else entries.push([changeKey(random, key), random.chance(50) ? item : someValue(random)]);
  return Object.fromEntries(entries);
};

const mutateList = (random: Random, items: readonly Json[]): Json => {
  const list = [...items];
  const at = random.below(list.length + 1);
  if (at < list.length && random.chance(DESCEND)) list[at] = mutateValue(random, list[at]!);
  else if (random.chance(40)) list.splice(at, 1);
  else if (random.chance(50)) list.splice(at, 0, list.length === 0 ? someValue(random) : random.pick(list));
  else list.splice(at, 0, someValue(random));
  return list;
};

/** A change somewhere in a value. */
export const mutateJson = (random: Random, value: Json): Json => mutateValue(random, value);

/** A change somewhere in a text that need not stay JSON. */
export const mutateText = changeText;
