/** Generates calls. */
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import { type FuncType, I32, I64 } from '../syntax/types.ts';
import { leaveHere } from './control.ts';
import { type Generator, isNumeric, NotCompiled, readsOf } from './generator.ts';
import { exact, type Operand, wrapping } from './operand.ts';
import { FRAME_WORDS } from './target.ts';

const checkTypes = ({ params, results }: FuncType): void => {
  if (![...params, ...results].every(isNumeric)) throw new NotCompiled();
};

/** What a call from this function uses of the room for frames. */
export const frameWords = (g: Generator): number =>
  g.baseSlots + g.body.maxStackSlots + g.locals.filter((type) => type === I64).length + FRAME_WORDS;

export const call = (g: Generator): void => {
  const { index } = g.reader;
  const type = g.module.funcs[index]!.type.comp as FuncType;
  checkTypes(type);
  if (index >= g.module.importedFuncCount) g.callees.add(index);
  emitCall(g, type, g.target.callee(index), null);
};

export const callIndirect = (g: Generator): void => {
  const { index, index2 } = g.reader;
  const type = g.module.types[index]!.comp as FuncType;
  checkTypes(type);
  if (g.module.tables[index2]!.type.limits.address !== I32) {
    leaveHere(g);
    return;
  }
  const element = g.pop();
  const at = element.isNatural || element.constant !== null ? exact(element) : `${wrapping(element)}>>>0`;
  emitCall(g, type, `${g.temporary('q')}.run`, { element, text: at, table: index2, typeIndex: index });
};

interface Indirect {
  readonly element: Operand;
  readonly text: string;
  readonly table: number;
  readonly typeIndex: number;
}

const emitCall = (g: Generator, type: FuncType, callee: string, indirect: Indirect | null): void => {
  const count = type.params.length;
  const args = g.stack.splice(g.stack.length - count).map((operand) => g.checked(operand));
  const hand = indirect === null ? args : [...args, indirect.element];
  g.settleAll(...hand);
  const { exit, names } = g;
  const { fuel, further, high } = g.target;
  const texts: string[] = [];
  const reads = [...readsOf(hand), names.fuel, names.room];
  if (indirect !== null) {
    const { text, table, typeIndex } = indirect;
    g.nameExit();
    reads.push(names.exit);
    texts.push(
      `if((q=T${table}[${text}])===void 0||q===null||q.runKey!==k${typeIndex})q=XI(q,${exit},${typeIndex},i${typeIndex})`,
    );
  }
  g.endStretch();
  const behind = g.newExit(g.reader.pos, g.mark(), g.stack.slice(), exit);
  texts.push(`${fuel}=f`, `$=${behind}`);
  const words = ['w'];
  for (const operand of args) {
    words.push(operand.type === I64 ? operand.text : exact(operand));
    if (operand.type === I64) words.push(operand.high);
  }
  const results: Operand[] = [];
  for (const resultType of type.results) results.push(g.freshVariable(resultType, ...results));
  const text = `${callee}(${words.join(',')})`;
  if (results.length === 0) texts.push(text);
  results.forEach((result, i) => {
    texts.push(`${result.text}=${i === 0 ? text : `${further}[${2 * i}]`}`);
    if (result.type === I64) texts.push(`${result.high}=${i === 0 ? high : `${further}[${2 * i + 1}]`}`);
  });
  // The named exit belongs to this call.
  const writes = [...readsOf(results), names.exit];
  g.list.push({ kind: 'text', text: texts.join(';\n'), reads: g.reading(reads, ''), writes });
  g.stack.push(...results);
  g.pay('call', null, g.mark(), g.newExit(g.reader.pos, g.mark(), g.stack.slice()));
};

/** Slot, relative to the frame's first, at which a callee's frame begins. */
export const distance = (baseSlots: number, operands: readonly Operand[]): number =>
  baseSlots + slotCountOf(operands.map(({ type }) => type));
