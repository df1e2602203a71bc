/** Generates blocks, branches and returns. */
import { instructions } from '../syntax/instructions.ts';
import { type FuncType, I64, type ValType } from '../syntax/types.ts';
import { type Control, type Generator, isNumeric, NotCompiled, readsOf } from './generator.ts';
import { exact, type Operand } from './operand.ts';
import type { Mark, Statement } from './tree.ts';

/** What the text that moves a value counts, in addition to reading operands. */
const LOOKS_FOR_TEXT = 16;

/** The point where nothing is paid ahead: after a return. */
const nothingAhead: Mark = { stretch: { total: 0 }, cost: 0 };

const blockType = (g: Generator): FuncType => {
  const { blockTypeIndex, valType } = g.reader;
  const type: FuncType =
    blockTypeIndex >= 0
      ? (g.module.types[blockTypeIndex]!.comp as FuncType)
      : { kind: 'func', params: [], results: valType === 0 ? [] : [valType] };
  if (![...type.params, ...type.results].every(isNumeric)) throw new NotCompiled();
  return type;
};

/** Types of the operands of a branch to a construct. */
export const labelTypes = ({ kind, type }: Control): readonly ValType[] =>
  kind === 'loop' ? type.params : type.results;

const variablesFor = (g: Generator, types: readonly ValType[]): Operand[] => {
  const values: Operand[] = [];
  for (const type of types) values.push(g.freshVariable(type, ...values));
  return values;
};

/** The differences between constructs; all have their own label and an empty list of edges. */
type Opened = Pick<Control, 'kind' | 'label' | 'type'> & Partial<Omit<Control, 'outside' | 'edges'>>;

/** PERF: all constructs come from one literal, so that they have one hidden class; spreading took a fifth of the time. */
const makeControl = (
  g: Generator,
  {
    kind,
    label,
    type,
    isOutside = false,
    isRoot = false,
    values = [],
    height = 0,
    node = null,
    params = [],
    mark = null,
    exit = 0,
  }: Opened,
): Control => ({
  kind,
  isOutside,
  isRoot,
  label,
  type,
  values,
  height,
  outside: g.list,
  node,
  params,
  mark,
  exit,
  edges: [],
});

export const openFunction = (g: Generator): void => {
  g.controls.push(makeControl(g, { kind: 'func', label: g.newLabel(false), type: g.type, isRoot: true }));
};

export const block = (g: Generator): void => {
  const type = blockType(g);
  g.settleForBlock();
  const label = g.newLabel(false);
  const height = g.stack.length - type.params.length;
  const params = g.stack.slice(height);
  const values = variablesFor(g, type.results);
  const node = { kind: 'block', label, body: [] as Statement[] } as const;
  open(g, { kind: 'block', label, type, values, height, node, params });
  g.list = node.body;
};

export const tryTable = (g: Generator): void => {
  g.hasHandlers = true;
  block(g);
};

export const loop = (g: Generator): void => {
  const type = blockType(g);
  g.settleForBlock();
  const label = g.newLabel(true);
  const height = g.stack.length - type.params.length;
  const values = variablesFor(g, type.params);
  assignAll(g, values, g.stack.splice(height));
  g.stack.push(...values);
  const node = { kind: 'loop', label, body: [] as Statement[], falls: false } as const;
  const mark = g.mark();
  const exit = g.newExit(g.reader.pos, mark, g.stack.slice());
  const isRoot = g.isRegion && g.controls.every((control) => control.isOutside);
  open(g, { kind: 'loop', isRoot, label, type, values, height, node, mark, exit });
  g.list = node.body;
};

export const ifElse = (g: Generator): void => {
  const type = blockType(g);
  let operand = g.pop();
  if (g.stack.some(({ isSimple, reads }) => !isSimple || reads.some((number) => g.names.isLocal(number)))) {
    operand = g.simple(operand);
    g.settleForBlock(operand);
  }
  g.push(operand);
  const condition = g.condition();
  const reads = g.reading(operand.reads, condition);
  const label = g.newLabel(false);
  const height = g.stack.length - type.params.length;
  const params = g.stack.slice(height);
  const values = variablesFor(g, type.results);
  const node = { kind: 'if', label, condition, reads, body: [] as Statement[], otherwise: null } as const;
  open(g, { kind: 'if', label, type, values, height, node, params, mark: g.mark() });
  g.list = node.body;
};

const open = (g: Generator, opened: Opened): void => {
  if (g.controls.length > g.target.nesting) throw new NotCompiled();
  g.list.push(opened.node!);
  g.controls.push(makeControl(g, opened));
};

/** Assigns values to variables, all at once. */
const assignAll = (g: Generator, to: readonly Operand[], values: readonly Operand[]): void => {
  let from = values;
  g.look(values.length * LOOKS_FOR_TEXT);
  // By variable, the last of the values that read it.
  const last = new Map<number, number>();
  values.forEach(({ reads }, i) => {
    for (const number of reads) last.set(number, i);
  });
  if (to.some(({ reads }, i) => last.get(reads[0]!)! > i)) {
    const copies: Operand[] = [];
    for (const value of values) {
      const copy = g.freshVariable(value.type, ...values, ...to, ...copies);
      g.assign(copy, value);
      copies.push(copy);
    }
    from = copies;
  }
  to.forEach((variable, i) => {
    g.assign(variable, from[i]!);
  });
};

export const target = (g: Generator, depth: number): Control => g.controls[g.controls.length - 1 - depth]!;

/** The statements of a taken branch; the operands stay on the stack. */
const taken = (g: Generator, control: Control): Statement[] => {
  const outside = g.list;
  const body: Statement[] = [];
  g.list = body;
  if (control.isOutside) g.leave(g.exit);
  else if (control.kind === 'func') {
    g.pay('edge', g.mark(), nothingAhead, 0);
    emitReturn(g);
  } else {
    const types = labelTypes(control);
    if (types.length > 0) assignAll(g, control.values, g.stack.slice(g.stack.length - types.length));
    control.label.uses++;
    if (control.kind === 'loop') g.pay('back', g.mark(), control.mark, control.exit, control.label);
    else control.edges.push(g.pay('edge', g.mark(), null, 0));
    body.push({ kind: 'jump', label: control.label });
  }
  g.list = outside;
  return body;
};

/** Operands of a branch become names or constants before it. */
const settleBrought = (g: Generator, control: Control, ...hand: readonly Operand[]): void => {
  const count = control.kind === 'func' ? g.type.results.length : labelTypes(control).length;
  if (count > 0 || g.stack.some(({ isSimple }) => !isSimple)) g.settleAll(...hand);
};

export const br = (g: Generator): void => {
  const control = target(g, g.reader.index);
  g.settleAll();
  g.list.push(...taken(g, control));
  g.endStretch();
  skipUnreachable(g);
};

export const brIf = (g: Generator): void => {
  const control = target(g, g.reader.index);
  let operand = g.pop();
  if (g.stack.some(({ isSimple }) => !isSimple)) operand = g.simple(operand);
  settleBrought(g, control, operand);
  g.push(operand);
  const condition = g.condition();
  const reads = g.reading(operand.reads, condition);
  g.list.push({ kind: 'if', label: null, condition, reads, body: taken(g, control), otherwise: null });
};

export const brTable = (g: Generator): void => {
  const { labels, labelCount } = g.reader;
  let operand = g.pop();
  const control = target(g, labels[0]!);
  if (g.stack.some(({ isSimple }) => !isSimple) || labelTypes(control).length > 0)
    operand = g.simple(operand);
  settleBrought(g, control, operand);
  const bodies = new Map<number, Statement[]>();
  const cases: Statement[][] = [];
  // Variables that the branches use must not be those of the index.
  g.push(operand);
  const text = exact(operand);
  g.stack.pop();
  for (let i = 0; i < labelCount; i++) {
    const depth = labels[i]!;
    let body = bodies.get(depth);
    if (body === undefined) bodies.set(depth, (body = taken(g, target(g, depth))));
    cases.push(body);
  }
  g.list.push({ kind: 'switch', text, reads: g.reading(operand.reads, text), cases });
  g.endStretch();
  skipUnreachable(g);
};

export const return_ = (g: Generator): void => {
  if (g.isRegion) {
    leaveHere(g);
    return;
  }
  g.settleAll();
  emitReturn(g);
  g.endStretch();
  skipUnreachable(g);
};

/** Returns the operands on top of the stack: the first as the value, the others through variables of the module. */
const emitReturn = (g: Generator): void => {
  const { results } = g.type;
  const values = g.stack.slice(g.stack.length - results.length).map((value) => g.checked(value));
  const { further, high } = g.target;
  let before = '';
  values.forEach((value, i) => {
    if (i > 0) before += `${further}[${2 * i}]=${exact(value)};`;
    if (value.type === I64) before += `${i > 0 ? `${further}[${2 * i + 1}]` : high}=${value.high};`;
  });
  const [first] = values;
  const text = first === undefined ? '' : exact(first);
  g.list.push({ kind: 'return', before, text, reads: g.reading(readsOf(values), before + text) });
};

export const else_ = (g: Generator): void => {
  const control = g.controls[g.controls.length - 1]!;
  const types = control.type.results;
  g.settleAll();
  assignAll(g, control.values, g.stack.slice(g.stack.length - types.length));
  control.edges.push(g.pay('edge', g.mark(), null, 0));
  g.endStretch();
  enterElse(g, control);
};

const enterElse = (g: Generator, control: Control): void => {
  const node = control.node as Extract<Control['node'], { kind: 'if' }>;
  node.otherwise = [];
  g.list = node.otherwise;
  g.stack.length = control.height;
  g.stack.push(...control.params);
  g.pay('edge', control.mark, g.mark(), 0);
  control.mark = null;
};

export const end = (g: Generator): void => {
  const control = g.controls[g.controls.length - 1]!;
  if (control.kind === 'func') {
    g.settleAll();
    emitReturn(g);
    g.endStretch();
    g.controls.pop();
    return;
  }
  const types = control.type.results;
  const brought = g.stack.slice(g.stack.length - types.length);
  if (control.kind === 'loop') {
    // Nothing else leads to the end of a loop: its results stay where they are.
    (control.node as { falls: boolean }).falls = true;
    g.settleAll();
    const results = g.stack.slice(g.stack.length - types.length);
    if (control.isRoot) {
      g.leave(g.newExit(g.reader.pos, g.mark(), results));
      g.endStretch();
    }
    close(g, control, results);
    return;
  }
  g.settleAll();
  assignAll(g, control.values, brought.length === 0 ? [] : g.stack.slice(g.stack.length - types.length));
  leave(g, control);
};

/** After the end of a construct that control can reach. */
const leave = (g: Generator, control: Control): void => {
  close(g, control, control.values);
  if (control.kind === 'if' && control.mark !== null) {
    // An `if` without `else`: its other path only pays the difference, and passes its parameters on.
    const node = control.node as { otherwise: Statement[] | null };
    const outside = g.list;
    node.otherwise = [];
    g.list = node.otherwise;
    assignAll(g, control.values, control.params);
    g.pay('edge', control.mark, g.mark(), 0);
    g.list = outside;
  }
  const mark = g.mark();
  for (const edge of control.edges) edge.to = mark;
};

const close = (g: Generator, control: Control, results: readonly Operand[]): void => {
  g.controls.pop();
  g.list = control.outside;
  g.stack.length = control.height;
  g.stack.push(...results);
};

const openers: ReadonlySet<string> = new Set(['block', 'loop', 'if', 'try', 'try_table']);

/** Reads on to where code can be reached again: an `else`, or an `end` that a branch leads to. */
export const skipUnreachable = (g: Generator): void => {
  let depth = 0;
  for (;;) {
    g.reader.read();
    const { name } = instructions[g.reader.row]!;
    if (openers.has(name)) depth++;
    else if (depth > 0) {
      if (name === 'end' || name === 'delegate') depth--;
    } else if (name === 'else') {
      enterElse(g, g.controls[g.controls.length - 1]!);
      return;
    } else if (name === 'end') {
      const control = g.controls[g.controls.length - 1]!;
      if (control.isRoot) {
        close(g, control, []);
        return;
      }
      if (control.edges.length > 0 || (control.kind === 'if' && control.mark !== null)) {
        leave(g, control);
        return;
      }
      close(g, control, []);
    }
  }
};

/** A construct around a loop that is compiled separately. */
export const openOutside = (g: Generator, kind: Control['kind'], type: FuncType): void => {
  g.controls.push(makeControl(g, { kind, label: g.newLabel(false), type, isOutside: true }));
};

/** Leaves to the interpreter, which executes the instruction; the code after it is reached only by branches. */
export const leaveHere = (g: Generator): void => {
  g.leave(g.exit);
  g.endStretch();
  skipUnreachable(g);
};
