/** Prints the tree of a function as JavaScript. */
import { F32, F64, I64, type ValType } from '../syntax/types.ts';
import { frameWords } from './calls.ts';
import type { Generator } from './generator.ts';
import type { Operand } from './operand.ts';
import { priceOf } from './tests-of-fuel.ts';
import type { Loop, Pay, Statement, Switch } from './tree.ts';

/** An operand that lies in the frame when a loop is entered. */
export interface FrameValue {
  readonly operand: Operand;
  readonly slot: number;
}

/**
 * The text of a function.
 *
 * @param names what it hands over when it is left, in order
 * @param read operands that a loop reads from the frame
 */
export const print = (
  g: Generator,
  id: number,
  names: readonly string[],
  read: readonly FrameValue[],
): string => new Printer(g).print(id, names, read);

class Printer {
  private readonly out: string[] = [];
  private readonly g: Generator;

  constructor(g: Generator) {
    this.g = g;
  }

  print(id: number, names: readonly string[], read: readonly FrameValue[]): string {
    const { g, out } = this;
    const params: string[] = g.isRegion ? ['k', 'w'] : ['w'];
    const declared: string[] = [`f=${g.target.fuel}`, '$=0'];
    const fromFrame = (name: string, high: string, type: ValType, slot: number): void => {
      if (type === F64) declared.push(`${name}=D[(k>>1)+${slot}]`);
      else declared.push(`${name}=${type === F32 ? 'F' : 'I'}[k+${2 * slot}]`);
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
    for (const name of g.scratch) declared.push(name === 'q' ? 'q' : `${name}=0`);
    out.push(`function(${params.join(',')}){var ${declared.join(',')};try{\n`);
    this.list(g.root);
    out.push(`}catch(e){throw Z(e,${id},$,f${names.map((name) => `,${name}`).join('')})}}`);
    return out.join('');
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
        out.push(node.label.isLoop ? 'continue ' : 'break ', node.label.name, ';\n');
        return;
      case 'return':
        out.push(this.returnText(node.text));
        return;
      case 'leave':
        out.push(`X(${node.exit});\n`);
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

  /** Fuel in hand goes back to where all functions share it; the value is worked out before. */
  private returnText(text: string): string {
    const { fuel } = this.g.target;
    if (text === '') return `${fuel}=f;return;\n`;
    return `${fuel}=f;return ${text};\n`;
  }

  private pay(node: Pay): void {
    const price = priceOf(node);
    const { out, g } = this;
    const { exit, need } = node;
    const frame = frameWords(g);
    switch (node.at) {
      case 'entry':
        out.push(`if((f-=${price})<${need}|(w-=${frame})<0)f=more(f,${need},${exit},w);\n`);
        return;
      case 'call':
        out.push(`f=${g.target.fuel}${price === 0 ? '' : `-${price}`};`);
        out.push(`if(f<${need})f=more(f,${need},${exit},0);\n`);
        return;
      case 'back':
        out.push(`if((f${changed(price)})<${need})f=more(f,${need},${exit},0);\n`);
        return;
      default:
        if (price !== 0) out.push(`f${changed(price)};\n`);
    }
  }

  private loop(node: Loop): void {
    const { out } = this;
    if (node.label.uses === 0) {
      this.list(node.body);
      return;
    }
    out.push(node.label.name, ':for(;;){\n');
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

const changed = (price: number): string => (price < 0 ? `+=${-price}` : `-=${price}`);

const isPrinted = (node: Statement): boolean =>
  node.kind !== 'pay' || node.at !== 'edge' || priceOf(node) !== 0;
