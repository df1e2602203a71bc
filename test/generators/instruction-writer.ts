/** The ground of random bodies: instructions written so far, locals, and values that need no operands. */
import type { Instruction } from '../assembler.ts';
import { isReference, type Plan, type Signature, type Value } from './plan.ts';
import type { Random } from './random.ts';
import { rowsFor, type TypedRow } from './rows.ts';

export interface Label {
  readonly types: readonly Value[];
}
export interface Local {
  readonly type: Value;
  /** Counters of loops may be read only; what holds a NaN that is not canonical yet may not even be read. */
  readonly use: 'any' | 'read' | 'none';
}

const heapOf = { funcref: 'func', externref: 'extern' } as const;

export class InstructionWriter {
  readonly locals: Local[];
  protected readonly random: Random;
  protected readonly plan: Plan;
  protected readonly signature: Signature;
  protected readonly values: readonly Value[];
  protected readonly rows: ReadonlyMap<Value | null, readonly TypedRow[]>;
  protected readonly labels: Label[] = [];
  protected readonly out: Instruction[] = [];
  /** Instructions that may still be written. */
  protected left: number;

  constructor(random: Random, plan: Plan, signature: Signature, values: readonly Value[], size: number) {
    this.random = random;
    this.plan = plan;
    this.signature = signature;
    this.values = values;
    this.rows = rowsFor(plan.profile);
    this.left = size;
    this.locals = signature.params.map((type) => ({ type, use: 'any' }));
    const isWide = plan.profile.hasWideFrames && random.chance(70);
    const count = isWide ? 2040 + random.below(40) : random.below(8);
    for (let i = 0; i < count; i++) this.locals.push({ type: random.pick(values), use: 'any' });
  }

  protected emit(...code: readonly Instruction[]): void {
    this.out.push(...code);
    this.left -= code.length;
  }

  protected newLocal(type: Value, use: Local['use']): number {
    return this.locals.push({ type, use }) - 1;
  }

  /** A local of a type; ends of large frames are picked more often than their middle. */
  protected local(type: Value, isTarget: boolean): number {
    const { locals, random } = this;
    const start = random.chance(30) ? Math.max(0, locals.length - 24) : random.below(locals.length + 1);
    for (let i = 0; i < locals.length; i++) {
      const index = (start + i) % locals.length;
      const local = locals[index]!;
      if (local.type === type && (local.use === 'any' || (local.use === 'read' && !isTarget))) return index;
    }
    return this.newLocal(type, 'any');
  }

  protected zero(type: Value): void {
    const zeros = { i32: 0, i64: 0n, f32: 0n, f64: 0n } as const;
    if (isReference(type)) this.emit(['ref.null', heapOf[type]]);
    else if (type === 'v128') this.emit(['v128.const', Array.from({ length: 16 }, () => 0)]);
    else this.emit([`${type}.const`, zeros[type]] as Instruction);
  }

  protected constant(type: Value): void {
    const { random } = this;
    if (type === 'i32') this.emit(['i32.const', random.i32()]);
    else if (type === 'i64') this.emit(['i64.const', random.i64()]);
    else if (type === 'f32') this.emit(['f32.const', random.f32()]);
    else if (type === 'f64') this.emit(['f64.const', random.f64()]);
    else if (type === 'v128') {
      const bytes = Array.from({ length: 16 }, () => random.pick([0, 1, 127, 128, 255, random.below(256)]));
      this.emit(['v128.const', bytes]);
    } else if (type === 'funcref' && random.chance(70)) {
      this.emit(['ref.func', random.below(this.plan.funcs.length)]);
    } else this.emit(['ref.null', heapOf[type]]);
  }

  protected leaf(type: Value): void {
    const { random, plan } = this;
    const global = plan.globals.findIndex((g) => g.type === type);
    if (global >= 0 && random.chance(15)) this.emit(['global.get', global]);
    else if (random.chance(55)) this.emit(['local.get', this.local(type, false)]);
    else this.constant(type);
  }
}
