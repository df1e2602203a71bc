/** A profile for people: functions, then lines, largest use first. */
import type { FuelProfile, ProfiledPlace } from './fuel-profile.ts';
import { labelOf } from './ways.ts';

/** Rows of each part. */
const MAX_ROWS = 30;

const withCommas = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const percent = (part: number, all: number): string => `${((100 * part) / Math.max(all, 1)).toFixed(1)} %`;

/** Rows as columns; all but the last are aligned to the right. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '))
    .map((line) => `${line}\n`)
    .join('');
};

const placeName = ({ file, line, offset }: ProfiledPlace, name: string): string =>
  file === undefined ? `${name} at 0x${offset.toString(16)}` : `${file}:${line}  ${name}`;

export const profileTable = (profile: FuelProfile): string => {
  const { fuel, functions, places } = profile;
  const more = (count: number, what: string): string =>
    count > MAX_ROWS ? `${withCommas(count - MAX_ROWS)} more ${what}\n` : '';
  const names = functions.map((func) => (func.isHost ? `${labelOf(func)} (host)` : labelOf(func)));
  const functionRows = functions
    .slice(0, MAX_ROWS)
    .map(({ self, total, calls }, i) => [
      ...[withCommas(self), percent(self, fuel), withCommas(total), percent(total, fuel)],
      ...[withCommas(calls), names[i]!],
    ]);
  const placeRows = places
    .slice(0, MAX_ROWS)
    .map((place) => [
      ...[withCommas(place.fuel), percent(place.fuel, fuel), withCommas(place.times)],
      placeName(place, names[place.function]!),
    ]);
  return [
    `${withCommas(fuel)} units of fuel\n\n`,
    columns([['self', '', 'total', '', 'calls', 'function'], ...functionRows]),
    more(functions.length, 'functions'),
    '\n',
    columns([['fuel', '', 'times', 'place'], ...placeRows]),
    more(places.length, 'places'),
  ].join('');
};
