/**
 * Details of a trap beyond the text of its code: the element that an indirect call requested. It is read back from
 * the current operation of the machine, so that neither the loop nor the state carries it.
 */
import { catalogue } from '../../errors/catalogue.ts';
import { firstWordOf, opcodeOf } from '../code/encoding.ts';
import { opOf } from '../code/isa.ts';
import { type CallState, isInCode, type MachineState } from '../loop/machine-state.ts';
import type { TrapCode } from '../loop/status.ts';
import type { Machine } from '../machine/machine.ts';

/** The element that the indirect call at the program counter names. */
const elementAt = ({ space, words }: Machine, { pc, fp, instance }: MachineState): bigint | null => {
  const { words: C } = space;
  const code = opcodeOf(C[pc]!);
  if (code === opOf.call_indirect.code) return BigInt(words[fp + firstWordOf(C[pc]!)]! >>> 0);
  if (code !== opOf.call_indirect_far.code && code !== opOf.return_call_indirect.code) return null;
  const k = fp + C[pc + 1]!;
  const low = BigInt(words[k]! >>> 0);
  return instance.tables[C[pc + 4]!]!.is64 ? (BigInt(words[k + 1]! >>> 0) << 32n) | low : low;
};

/** The message of a trap, if it has more than the text of its code. */
export const trapMessage = (code: TrapCode, machine: Machine, state: CallState): string | undefined => {
  if (code !== 'trap.uninitialised-element' && code !== 'trap.undefined-element') return undefined;
  if (!isInCode(state)) return undefined;
  const element = elementAt(machine, state);
  return element === null ? undefined : `${catalogue[code].text} ${element}`;
};
