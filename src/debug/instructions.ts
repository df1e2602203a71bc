/** What a debugger must know about the next instruction of a call. */
import type { FuelClass } from '../syntax/instruction-row.ts';
import { instructions } from '../syntax/instructions.ts';

const codesOf = (classes: readonly FuelClass[]): ReadonlySet<number> =>
  new Set(
    instructions.filter(({ prefix, fuel }) => prefix === 0 && classes.includes(fuel)).map(({ code }) => code),
  );

const calls = codesOf(['call']);
const throwers = codesOf(['call', 'exception']);

/** Whether the instruction may enter another function. @param opcode its first byte */
export const entersFunctions = (opcode: number): boolean => calls.has(opcode);

/** Whether a handler of any function may come next: host functions throw, too. @param opcode its first byte */
export const mayThrow = (opcode: number): boolean => throwers.has(opcode);
