/** `--schedule`: the name of a schedule, or a file with a custom table in JSON (docs/metering.md). */
import { readFileSync } from 'node:fs';
import { isQuernError } from '../errors/errors.ts';
import { selectSchedule } from '../interpreter/fuel/check-schedule.ts';
import type { FuelSchedule } from '../interpreter/fuel/schedules.ts';
import { access } from './files.ts';
import { usageError } from './parse.ts';

const readTable = (file: string): FuelSchedule =>
  access(`read the schedule ${file}`, () => JSON.parse(readFileSync(file, 'utf8')) as FuelSchedule);

/** What a value of `--schedule` means. @throws UsageError */
export const scheduleOf = (text: string | undefined): FuelSchedule => {
  try {
    return selectSchedule(text?.endsWith('.json') ? readTable(text) : text);
  } catch (error) {
    throw isQuernError(error, 'usage.schedule') ? usageError(`--schedule ${text}: ${error.message}`) : error;
  }
};
