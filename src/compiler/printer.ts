/** Prints the tree of a function as JavaScript. */
import { I64, type ValType } from '../syntax/types.ts';
import { readText } from './frame-text.ts';
import { type Generator, NotCompiled } from './generator.ts';
import { isFloat, type Operand } from './operand.ts';
import { SHARED_FLOATS, SHARED_WORDS } from './target.ts';
import { priceOf } from './tests-of-fuel.ts';
import type { Label, Loop, Pay, Piece, Statement, Switch, WayOut } from './tree.ts';

/** An operand that is in the frame when a loop is entered. */
export interface FrameValue {
  readonly operand: Operand;
  readonly slot: number;
}

/** The text of a function, and what its pieces save when they are left: positions among its names. */
interface Printed {
  readonly text: string;
  readonly pieces: readonly (readonly number[])[];
}

const noPieces: readonly (readonly number[])[] = [];

/**
 * Prints a function.
 *
 * @param names what it saves when it is left, in order
 * @param read operands that a loop reads from the frame
 */
export const print = (
  g: Generator,
  id: number,
  names: readonly string[],
  read: readonly FrameValue[],
  frame: number,
): Printed => new Printer(g, id, names, frame).print(read);

class Printer {
  private out: string[] = [];
  /** The piece that is being printed; null in the function itself. */
  private inside: Piece | null = null;
  private readonly definitions: string[] = [];
  private readonly pieces: (readonly number[])[] = [];
  private readonly g: Generator;
  private readonly id: number;
  private readonly names: readonly string[];
  private readonly frame: number;
  private readonly positions: ReadonlyMap<string, number>;

  constructor(g: Generator, id: number, names: readonly string[], frame: number) {
    this.g = g;
    this.id = id;
    this.names = names;
    this.frame = frame;
    this.positions = new Map(names.map((name, position) => [name, position]));
  }

  print(read: readonly FrameValue[]): Printed {
    const { definitions, g, id, names, out } = this;
    const params: string[] = g.isRegion ? ['k', 'w'] : ['w'];
    const declared: string[] = [`f=${g.target.fuel}`, '$=0'];
    const fromFrame = (name: string, high: string, type: ValType, slot: number): void => {
      declared.push(`${name}=${readText(type, slot)}`);
      if (type === I64) declared.push(`${high}=I[k+${2 * slot + 1}]`);
    };
    const isRead = new Set(read.flatMap(({ operand }) => [operand.text, operand.high]));
    for (const { operand, slot } of read) fromFrame(operand.text, operand.high, operand.type, slot);
    g.locals.forEach((type, i) => {
      if (g.isRegion) {
        fromFrame(`l${i}`, `h${i}`, type, i);
        return;
      }
      const isParam = i < g.type.params.length;
      const list = isParam ? params : declared;
      const initial = isParam ? '' : '=0';
      list.push(`l${i}${initial}`);
      if (type === I64) list.push(`h${i}${initial}`);
    });
    for (const number of g.variables) {
      const name = g.names.nameOf(number);
      if (!isRead.has(name)) declared.push(`${name}=0`);
    }
    out.push(`function(${params.join(',')}){var ${[...declared, ...this.scratch].join(',')};try{\n`);
    this.list(g.root);
    out.push(`}catch(e){${leavesBehind([id, '$', 'f', ...names])}}}`);
    const text = out.join('');
    if (definitions.length === 0) return { text, pieces: noPieces };
    return { text: `(function(){${definitions.join('\n')}\nreturn ${text}})()`, pieces: this.pieces };
  }

  private get scratch(): readonly string[] {
    return [...this.g.scratch].map((name) => (name === 'q' ? 'q' : `${name}=0`));
  }

  private list(list: readonly Statement[]): void {
    for (const node of list) this.statement(node);
  }

  private statement(node: Statement): void {
    const { out } = this;
    switch (node.kind) {
      case 'text':
        out.push(node.text, ';\n');
        return;
      case 'set-float': {
        const text = this.g.rawLocals.has(node.local) ? node.checked : node.text;
        out.push(node.name, '=', text, ';\n');
        return;
      }
      case 'pay':
        this.pay(node);
        return;
      case 'jump':
        this.jump(node.label);
        return;
      case 'return':
        // Fuel in hand goes back to the shared variable; the value is computed before that.
        out.push(node.before, this.g.target.fuel, '=f;');
        this.returnValue(node.text);
        return;
      case 'piece':
        this.define(node);
        this.call(node);
        return;
      case 'leave':
        // PERF: V8 moves code that throws out of the hot path.
        out.push(`throw X(${node.exit});\n`);
        return;
      case 'block':
        if (node.label.uses === 0) this.list(node.body);
        else {
          out.push(node.label.name, ':{\n');
          this.list(node.body);
          out.push('}\n');
        }
        return;
      case 'loop':
        this.loop(node);
        return;
      case 'if':
        if (node.label !== null && node.label.uses > 0) out.push(node.label.name, ':');
        out.push('if(', node.condition, '){\n');
        this.list(node.body);
        out.push('}\n');
        if (node.otherwise?.some(isPrinted)) {
          out.push('else{\n');
          this.list(node.otherwise);
          out.push('}\n');
        }
        return;
      default:
        this.switch(node);
    }
  }

  // Ways out of a piece and of the function

  private jump(label: Label): void {
    const out = this.inside?.waysOut.findIndex(({ way }) => way === label) ?? -1;
    if (out >= 0) this.takeWay(out);
    else this.out.push(label.isLoop ? 'continue ' : 'break ', label.name, ';\n');
  }

  private returnValue(text: string): void {
    const { inside, out } = this;
    if (inside === null || inside.waysOut.length === 1) {
      out.push('return ', text, ';\n');
      return;
    }
    const place = this.valuePlace;
    // The call of a piece, even if there is no value.
    if (text !== place) out.push(place === '' ? '' : `${place}=`, text, ';');
    out.push(`return ${inside.waysOut.findIndex(({ way }) => way === 'return')};\n`);
  }

  /** The place where a piece puts the function's result. */
  private get valuePlace(): string {
    const [first] = this.g.type.results;
    return first === undefined ? '' : isFloat(first) ? 'R[0]' : 'Q[0]';
  }

  /** Takes a way out of the piece: values that the following code reads go to shared variables. */
  private takeWay(index: number): void {
    const { waysOut } = this.inside!;
    const { result, others } = this.placesOf(waysOut[index]!, waysOut.length === 1);
    for (const [name, place] of others) this.out.push(place, '=', name, ';');
    this.out.push('return ', waysOut.length === 1 ? result : String(index), ';\n');
  }

  /** Names and places of the values passed on a way out; the result of the only way is one of them. */
  private placesOf(
    { sets }: WayOut,
    isOnly: boolean,
  ): { readonly result: string; readonly others: readonly (readonly [name: string, place: string])[] } {
    const { names } = this.g;
    let result = '';
    // Helpers use the first two words.
    let words = 2;
    let floats = 0;
    const others: (readonly [string, string])[] = [];
    for (const number of sets) {
      const name = names.nameOf(number);
      if (names.isFloat(number)) others.push([name, `R[${floats++}]`]);
      else if (isOnly && result === '') result = name;
      else others.push([name, `Q[${words++}]`]);
    }
    if (words > SHARED_WORDS || floats > SHARED_FLOATS) throw new NotCompiled();
    return { result, others };
  }

  // Pieces

  private define(node: Piece): void {
    const { g, id, inside, out, positions } = this;
    this.out = [];
    this.inside = node;
    const nameOf = (number: number): string => g.names.nameOf(number);
    const takes = node.takes.map(nameOf);
    const own = node.has.map(nameOf);
    const all = [...takes, ...own];
    const handed = all.filter((name) => positions.has(name));
    this.pieces[node.number] = handed.map((name) => positions.get(name)!);
    const declared = [...own.map((name) => `${name}=0`), ...this.scratch];
    this.out.push(`function p${node.number}(${takes.join(',')}){`);
    if (declared.length > 0) this.out.push(`var ${declared.join(',')};`);
    this.out.push('try{\n');
    this.list(node.body);
    const end = node.waysOut.findIndex(({ way }) => way === 'end');
    if (end >= 0) this.takeWay(end);
    const site = all.includes('$') ? '$' : '0';
    const fuel = all.includes('f') ? 'f' : 'NaN';
    this.out.push(`}catch(e){${leavesBehind([~id, node.number, site, fuel, ...handed])}}}`);
    this.definitions.push(this.out.join(''));
    this.out = out;
    this.inside = inside;
  }

  private call(node: Piece): void {
    const { out } = this;
    const { waysOut } = node;
    const call = `p${node.number}(${node.takes.map((number) => this.g.names.nameOf(number)).join(',')})`;
    const [first, second] = waysOut;
    if (first === undefined) out.push(call, ';\n');
    else if (second === undefined) {
      if (first.way === 'return') this.returnValue(call);
      else this.follow(first, call);
    } else if (waysOut.length === 2) {
      out.push(`if(${call}){`);
      this.follow(second, null);
      out.push('}else{');
      this.follow(first, null);
      out.push('}\n');
    } else {
      out.push(`switch(${call}){\n`);
      for (let i = 1; i < waysOut.length; i++) {
        out.push(`case ${i}:`);
        this.follow(waysOut[i]!, null);
      }
      out.push('default:');
      this.follow(first, null);
      out.push('}\n');
    }
  }

  /** Continues at the target of a piece. @param call the call, if this is the only way out */
  private follow(out: WayOut, call: string | null): void {
    if (out.way === 'return') {
      this.returnValue(this.valuePlace);
      return;
    }
    const { result, others } = this.placesOf(out, call !== null);
    if (call !== null) this.out.push(result === '' ? '' : `${result}=`, call, ';');
    for (const [name, place] of others) this.out.push(name, '=', place, ';');
    if (out.way !== 'end') this.jump(out.way);
  }

  private pay(node: Pay): void {
    const price = priceOf(node);
    const { out, g } = this;
    const { exit, need } = node;
    switch (node.at) {
      case 'entry':
        out.push(`if((${this.spent('f', price)})<${need}|(${this.spent('w', this.frame)})<0)`);
        out.push(`f=more(f,${need},$=${exit},w)${this.truncates};\n`);
        return;
      case 'call':
        out.push(`f=${g.target.fuel}${price === 0 ? '' : `-${price}${this.truncates}`};`);
        out.push(`if(f<${need})f=more(f,${need},$=${exit},0)${this.truncates};\n`);
        return;
      case 'sized':
        if (need > 0) out.push(`if(f<${need})f=more(f,${need},$=${exit},0)${this.truncates};\n`);
        return;
      case 'back': {
        // A loop of an uncut function is marked: it may be left and entered again, which needs its own code.
        const room = g.target.hasJit && !g.isCut ? 'w' : '0';
        out.push(
          `if((${this.spent('f', price)})<${need})f=more(f,${need},$=${exit},${room})${this.truncates};\n`,
        );
        return;
      }
      default:
        if (price !== 0) out.push(this.spent('f', price), ';\n');
    }
  }

  /** PERF: V8 keeps sums without overflow, and integer results of calls, in registers (30 % of collatz). */
  private get truncates(): string {
    return this.g.target.hasJit ? '|0' : '';
  }

  private spent(name: string, price: number): string {
    const by = price < 0 ? `+${-price}` : `-${price}`;
    return this.g.target.hasJit ? `${name}=${name}${by}|0` : `${name}${by[0]}=${by.slice(1)}`;
  }

  private loop(node: Loop): void {
    const { out } = this;
    if (node.label.uses === 0) {
      this.list(node.body);
      return;
    }
    const { name } = node.label;
    out.push(name, ':for(;;){\n');
    this.list(node.body);
    if (node.falls) out.push('break;\n');
    out.push('}\n');
  }

  private switch({ text, cases }: Switch): void {
    const { out } = this;
    const last = cases.length - 1;
    const byBody = new Map<Statement[], number[]>();
    for (let i = 0; i <= last; i++) {
      const places = byBody.get(cases[i]!);
      if (places === undefined) byBody.set(cases[i]!, [i]);
      else places.push(i);
    }
    out.push('switch(', text, '){\n');
    for (const [body, places] of byBody) {
      if (body === cases[last]) continue;
      for (const place of places) out.push(`case ${place}:`);
      this.list(body);
    }
    out.push('default:');
    this.list(cases[last]!);
    out.push('}\n');
  }
}

/**
 * The statements of a `catch`, which save the values of a frame. They call nothing and allocate nothing: if the
 * JavaScript stack had no room for that, the values would be lost, and the work of the frame would be repeated.
 */
const leavesBehind = (record: readonly (string | number)[]): string => {
  const length = record.length + 1;
  const values = [length, ...record].map((value, i) => `V[${i === 0 ? 'n' : `n+${i}`}]=${value};`);
  return `var n=V[0];${values.join('')}V[0]=n+${length};throw e`;
};

const isPrinted = (node: Statement): boolean =>
  node.kind !== 'pay' || node.at !== 'edge' || priceOf(node) !== 0;
