/**
 * Writes random function bodies that validate: every method leaves the operands it names on the stack, so that
 * statements and branches may stand anywhere, also between the operands of something else.
 *
 * Bodies end: a loop counts down a local at its head, and a function counts down a global at its entry.
 */
import { laneCountOf } from '../../src/syntax/shapes.ts';
import type { Instruction, Type } from '../assembler.ts';
import { InstructionWriter } from './instruction-writer.ts';
import { isReference, typeIndex, type Value } from './plan.ts';
import type { TypedRow } from './rows.ts';

const relations = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'] as const;
const floatRelations = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const;
const MAX_NESTING = 5;
const MAX_LOOPS = 2;

export class BodyWriter extends InstructionWriter {
  private loops = 0;
  /** Locals that hold floats while their NaN is made canonical. */
  private readonly spare = new Map<Value, number>();

  /** The whole body: entry guard, statements, results. */
  write(): readonly Instruction[] {
    const { random, signature, plan } = this;
    this.labels.push({ types: signature.results });
    this.emit(['global.get', plan.budget], 'i32.eqz', ['if', null]);
    for (const type of signature.results) this.zero(type);
    this.emit('return', 'end');
    this.emit(['global.get', plan.budget], ['i32.const', 1], 'i32.sub', ['global.set', plan.budget]);
    const count = 2 + random.below(5);
    for (let i = 0; i < count; i++) this.statement();
    this.produceAll(signature.results);
    return this.out;
  }

  private produceAll(types: readonly Value[]): void {
    for (const type of types) this.produce(type);
  }

  /** Leaves one value of a type on the stack. */
  private produce(type: Value): void {
    const { random } = this;
    if (this.left <= 0) {
      this.leaf(type);
      return;
    }
    if (random.chance(4)) this.statement();
    const isNumber = !isReference(type);
    random.weighted<() => void>([
      [22, () => this.leaf(type)],
      [isNumber ? 40 : 0, () => this.operator(type)],
      [type === 'i32' ? 8 : 0, () => this.comparison()],
      [5, () => this.tee(type)],
      [5, () => this.select(type)],
      [5, () => this.block(type)],
      [5, () => this.ifElse([type])],
      [3, () => this.loop([type])],
      [3, () => this.branchWith(type)],
      [7, () => this.callFor(type)],
      [isNumber && type !== 'i32' && type !== 'i64' ? 0 : 5, () => this.query(type)],
      [isNumber ? 0 : 8, () => this.tableGet(type)],
      [1, () => this.leave()],
    ])();
  }

  // Operators

  private operator(type: Value): void {
    const { random } = this;
    const rows = this.rows.get(type) ?? [];
    const row = random.pick(rows);
    if (/\.(div|rem)_/.test(row.name)) this.division(row);
    else if (/\.trunc_f/.test(row.name)) this.truncation(row);
    else if (row.params[0] === 'addr') this.access(row);
    else {
      for (const param of row.params) this.operand(param as Value);
      this.emit([row.name, ...this.immediates(row)]);
    }
    if (row.producesNaN && this.plan.profile.floats === 'canonical') this.makeCanonical(type);
  }

  /** An operand: often what a translator may fold. */
  private operand(type: Value): void {
    if (this.random.chance(35)) this.leaf(type);
    else if (this.random.chance(20)) this.constant(type);
    else this.produce(type);
  }

  private immediates(row: TypedRow): (number | readonly number[])[] {
    const { random } = this;
    const lanes = laneCountOf(row);
    return row.immediates
      .filter((kind) => kind !== 'memarg')
      .map((kind) =>
        kind === 'lanes16' ? Array.from({ length: 16 }, () => random.below(lanes)) : random.below(lanes),
      );
  }

  private division(row: TypedRow): void {
    const { random } = this;
    const type = row.params[0] as 'i32' | 'i64';
    this.operand(type);
    if (random.chance(50)) {
      if (type === 'i32') this.emit(['i32.const', random.i32() || 3]);
      else this.emit(['i64.const', random.i64() || 3n]);
    } else {
      this.produce(type);
      if (random.chance(85)) {
        if (type === 'i32') this.emit(['i32.const', 1], 'i32.or');
        else this.emit(['i64.const', 1n], 'i64.or');
      }
    }
    this.emit(row.name);
  }

  private truncation(row: TypedRow): void {
    const { random } = this;
    const type = row.params[0] as 'f32' | 'f64';
    if (random.chance(10)) this.produce(type);
    else {
      this.produce('i32');
      if (row.name.endsWith('_u')) this.emit(['i32.const', 0xffff], 'i32.and');
      this.emit(`${type}.convert_i32_s`);
    }
    if (row.name.startsWith('i32') && !row.name.endsWith('_u')) {
      if (type === 'f32') this.emit(['f32.const', 0.25], 'f32.mul');
      else this.emit(['f64.const', 0.25], 'f64.mul');
    }
    this.emit(row.name);
  }

  /** A load or store. */
  private access(row: TypedRow): void {
    const { random, plan } = this;
    const memory = random.below(plan.memories.length);
    const offset = this.address(memory);
    for (const param of row.params.slice(1)) this.operand(param as Value);
    const align = random.chance(70) ? {} : { align: random.below(Math.log2(row.access) + 1) };
    this.emit([row.name, { memory, offset, ...align }, ...this.immediates(row)]);
  }

  /** Puts an address on the stack, and returns the offset to use with it. */
  private address(memory: number): number {
    const { random, plan } = this;
    const { min, is64 = false } = plan.memories[memory]!;
    const end = Number(min) * 65536;
    const put = (value: number): void =>
      this.emit(is64 ? ['i64.const', BigInt(value)] : ['i32.const', value | 0]);
    if (random.chance(4)) {
      put(end - random.below(20));
      return random.pick([0, 0, 8, 0xffff_ffff]);
    }
    if (random.chance(3)) {
      this.produce(is64 ? 'i64' : 'i32');
      return random.pick([0, 1, 65536, 0x7fff_ffff, 0xffff_fff8]);
    }
    if (random.chance(30)) put(random.below(300));
    else {
      this.produce(is64 ? 'i64' : 'i32');
      put(random.pick([0xff, 0x3f8, 0x1fff]));
      this.emit(is64 ? 'i64.and' : 'i32.and');
    }
    return random.pick([0, 0, 1, 16, 1000]);
  }

  /** Replaces a NaN on the stack by the positive canonical one. */
  private makeCanonical(type: Value): void {
    if (type !== 'f32' && type !== 'f64') return;
    let local = this.spare.get(type);
    if (local === undefined) this.spare.set(type, (local = this.newLocal(type, 'none')));
    const nan: Instruction =
      type === 'f32' ? ['f32.const', 0x7fc0_0000n] : ['f64.const', 0x7ff8_0000_0000_0000n];
    this.emit(['local.tee', local], nan, ['local.get', local], ['local.get', local], `${type}.eq`, 'select');
  }

  /** A comparison as compilers write them: locals, constants on either side, negations. */
  private comparison(): void {
    const { random } = this;
    const hasFloats = this.plan.profile.floats !== 'none';
    const type = random.pick<Value>(hasFloats ? ['i32', 'i32', 'i64', 'i64', 'f32', 'f64'] : ['i32', 'i64']);
    if ((type === 'i32' || type === 'i64') && random.chance(15)) {
      this.operand(type);
      this.emit(`${type}.eqz`);
    } else {
      const relation = random.pick<string>(type.startsWith('i') ? relations : floatRelations);
      const shape = random.below(6);
      if (shape < 2) this.emit(['local.get', this.local(type, false)]);
      else if (shape < 4) this.constant(type);
      else this.operand(type);
      if (shape === 0 || shape === 4) this.constant(type);
      else if (shape === 1 || shape === 2) this.emit(['local.get', this.local(type, false)]);
      else this.operand(type);
      this.emit(`${type}.${relation}` as Instruction);
    }
    while (random.chance(15)) this.emit('i32.eqz');
  }

  private condition(): void {
    if (this.random.chance(75)) this.comparison();
    else this.operand('i32');
  }

  private tee(type: Value): void {
    this.produce(type);
    this.emit(['local.tee', this.local(type, true)]);
  }

  private select(type: Value): void {
    this.operand(type);
    this.operand(type);
    this.condition();
    const isTyped = isReference(type) || this.random.chance(20);
    this.emit(isTyped ? ['select t', [type as Type]] : 'select');
  }

  // Blocks and branches

  private blockType(params: readonly Value[], results: readonly Value[]): Type | number | null {
    if (params.length === 0 && results.length === 0) return null;
    if (params.length === 0 && results.length === 1 && this.random.chance(80)) return results[0] as Type;
    return typeIndex(this.plan, { params, results });
  }

  /** Code under a label. */
  private within(types: readonly Value[], write: () => void): void {
    this.labels.push({ types });
    write();
    this.labels.pop();
    this.emit('end');
    this.pad();
  }

  /** Instructions that a translator writes nothing for: between labels they cost all the same. */
  private pad(): void {
    while (this.random.chance(15)) {
      this.leaf(this.random.pick(this.values));
      this.emit('drop');
    }
  }

  private get isDeep(): boolean {
    return this.labels.length > MAX_NESTING;
  }

  private block(type: Value): void {
    const { random } = this;
    if (this.isDeep) {
      this.leaf(type);
      return;
    }
    // Operands that pass through the block, and further results that are used up after it.
    const params = random.chance(30) ? [random.pick(this.values)] : [];
    const extra = random.chance(25) ? [random.pick(this.values)] : [];
    const results = [type, ...extra];
    this.produceAll(params);
    this.emit(['block', this.blockType(params, results)]);
    this.within(results, () => {
      if (random.chance(50)) this.statement();
      this.consumeAll(params);
      this.body(results);
    });
    this.consumeAll(extra);
  }

  /** Statements, perhaps a branch away, then values. */
  private body(results: readonly Value[]): void {
    const { random } = this;
    if (random.chance(40)) this.statement();
    this.produceAll(results);
    if (random.chance(25)) {
      this.condition();
      this.emit(['br_if', 0]);
    }
  }

  private ifElse(results: readonly Value[]): void {
    const { random } = this;
    if (this.isDeep) {
      for (const type of results) this.leaf(type);
      return;
    }
    const params = random.chance(20) ? [random.pick(this.values)] : [];
    this.produceAll(params);
    this.condition();
    this.emit(['if', this.blockType(params, results)]);
    this.within(results, () => {
      this.consumeAll(params);
      this.body(results);
      if (results.length > 0 || params.length > 0 || random.chance(40)) {
        this.emit('else');
        this.consumeAll(params);
        this.body(results);
      }
    });
  }

  private loop(results: readonly Value[]): void {
    const { random } = this;
    if (this.isDeep || this.loops >= MAX_LOOPS) {
      for (const type of results) this.leaf(type);
      return;
    }
    this.loops++;
    const counter = this.newLocal('i32', 'read');
    const params = random.chance(35) ? results : random.chance(40) ? [random.pick(this.values)] : [];
    this.emit(
      ['i32.const', 2 + random.below(4)],
      ['local.set', counter],
      ['block', this.blockType([], results)],
    );
    this.labels.push({ types: results });
    this.produceAll(params);
    this.emit(['loop', this.blockType(params, results)]);
    this.within(params, () => {
      this.pad();
      this.countDown(counter, params, results);
      if (random.chance(60)) this.statement();
      this.consumeAll(params);
      this.statement();
      if (random.chance(80)) {
        this.produceAll(params);
        this.condition();
        this.emit(['br_if', 0]);
        this.consumeAll(params);
      }
      this.produceAll(results);
    });
    this.labels.pop();
    this.emit('end');
    this.loops--;
  }

  /** Leaves the loop for the block around it when the counter is used up. */
  private countDown(counter: number, params: readonly Value[], results: readonly Value[]): void {
    this.emit(['local.get', counter], ['i32.const', 1], 'i32.sub', ['local.tee', counter], 'i32.eqz');
    if (params.join() === results.join() && this.random.chance(60)) this.emit(['br_if', 1]);
    else {
      this.emit(['if', null]);
      for (const type of results) this.leaf(type);
      this.emit(['br', 2], 'end');
    }
  }

  /** A branch that takes a value along, or continues with it. */
  private branchWith(type: Value): void {
    const { random, labels } = this;
    const targets = labels
      .map((_, i) => i)
      .filter((depth) => {
        const { types } = labels[labels.length - 1 - depth]!;
        return types.length === 1 && types[0] === type;
      });
    if (targets.length === 0) {
      this.leaf(type);
      return;
    }
    this.produce(type);
    if (random.chance(70)) {
      this.condition();
      this.emit(['br_if', random.pick(targets)]);
    } else {
      this.operand('i32');
      this.emit(['i32.const', 7], 'i32.and');
      this.emit(['br_table', Array.from({ length: 1 + random.below(5) }, () => random.pick(targets))]);
    }
  }

  /** Leaves the block, the function, or the program: what follows is never reached. */
  private leave(): void {
    const { random, labels, plan } = this;
    const depth = random.below(labels.length);
    const { types } = labels[labels.length - 1 - depth]!;
    const tails = plan.funcs
      .map((_, i) => i)
      .filter((i) => plan.funcs[i]!.results.join() === this.signature.results.join());
    const kind = random.below(20);
    if (kind === 0) this.emit('unreachable');
    else if (kind < 8 && tails.length > 0) this.tailCall(random.pick(tails));
    else if (kind < 12) {
      this.produceAll(this.signature.results);
      this.emit('return');
    } else {
      this.produceAll(types);
      this.emit(['br', depth]);
    }
  }

  // Calls

  private tailCall(index: number): void {
    const signature = this.plan.funcs[index]!;
    this.produceAll(signature.params);
    if (this.selectsElement(index)) this.emit(['return_call_indirect', typeIndex(this.plan, signature), 0]);
    else this.emit(['return_call', index]);
  }

  /** Puts the element of table 0 on the stack that holds a function, most likely; false: call it directly. */
  private selectsElement(index: number): boolean {
    const { random, plan } = this;
    if (random.chance(60)) return false;
    if (random.chance(4)) this.produce('i32');
    else this.emit(['i32.const', plan.tableBase + index]);
    return true;
  }

  private call(index: number): void {
    const signature = this.plan.funcs[index]!;
    for (const type of signature.params) this.operand(type);
    if (this.selectsElement(index)) this.emit(['call_indirect', typeIndex(this.plan, signature), 0]);
    else this.emit(['call', index]);
  }

  /** A call one of whose results has the type; the others go to locals or are dropped. */
  private callFor(type: Value): void {
    const { random, plan } = this;
    const found = plan.funcs.map((_, i) => i).filter((i) => plan.funcs[i]!.results.includes(type));
    if (found.length === 0 || this.loops > 1) {
      this.leaf(type);
      return;
    }
    const index = random.pick(found);
    this.call(index);
    const { results } = plan.funcs[index]!;
    const kept = results.lastIndexOf(type);
    this.consumeAll(results.slice(kept + 1));
    if (kept === 0) return;
    const local = this.local(type, true);
    this.emit(['local.set', local]);
    this.consumeAll(results.slice(0, kept));
    this.emit(['local.get', local]);
  }

  private consumeAll(types: readonly Value[]): void {
    for (const type of types.toReversed()) {
      if (this.random.chance(60)) this.emit(['local.set', this.local(type, true)]);
      else this.emit('drop');
    }
  }

  // Memories, tables, references

  private query(type: Value): void {
    const { random, plan } = this;
    const memory = random.below(plan.memories.length);
    const table = random.below(plan.tables.length);
    const is64 = plan.memories[memory]!.is64 === true;
    if (type === 'i64') {
      if (is64) this.emit(['memory.size', memory]);
      else this.leaf(type);
    } else if (type !== 'i32') this.constant(type);
    else if (plan.profile.hasReferences && random.chance(50)) {
      if (random.chance(60)) {
        this.produce(random.pick(['funcref', 'externref']));
        this.emit('ref.is_null');
      } else if (random.chance(70)) this.emit(['table.size', table]);
      else {
        this.produce(plan.tables[table]!.element as Value);
        this.emit(['i32.const', random.pick([0, 1, 2, 9, -1])], ['table.grow', table]);
      }
    } else if (is64) {
      this.emit(['i64.const', random.pick([0n, 1n, 5n, -1n])], ['memory.grow', memory], 'i32.wrap_i64');
    } else if (random.chance(50)) this.emit(['memory.size', memory]);
    else this.emit(['i32.const', random.pick([0, 1, 1, 5, -1])], ['memory.grow', memory]);
  }

  private tableGet(type: Value): void {
    const { random, plan } = this;
    const table = plan.tables.findIndex((t) => t.element === type);
    if (table < 0) {
      this.constant(type);
      return;
    }
    this.elementIndex(table);
    this.emit(['table.get', table]);
    if (random.chance(30)) this.emit(['local.tee', this.local(type, true)]);
  }

  private elementIndex(table: number): void {
    const { random, plan } = this;
    if (random.chance(6)) this.produce('i32');
    else this.emit(['i32.const', random.below(Number(plan.tables[table]!.min))]);
  }

  private tableStatement(): void {
    const { random, plan } = this;
    const table = random.below(plan.tables.length);
    const element = plan.tables[table]!.element as Value;
    // Table 0 keeps its functions: calls count on them.
    const first = Math.max(0, Number(plan.tables[table]!.min) - 4);
    const small = (): Instruction => ['i32.const', random.chance(5) ? 1000 : random.below(3)];
    const place = (): Instruction => ['i32.const', first + random.below(4)];
    const segment = random.below(plan.elements.length);
    switch (random.below(element === 'funcref' ? 5 : 3)) {
      case 0:
        this.emit(place());
        this.produce(element);
        this.emit(['table.set', table]);
        return;
      case 1:
        this.emit(place());
        this.produce(element);
        this.emit(small(), ['table.fill', table]);
        return;
      case 2: {
        const from = plan.tables.findIndex((t) => t.element === element);
        this.emit(place(), ['i32.const', random.below(3)], small(), ['table.copy', table, from]);
        return;
      }
      case 3:
        this.emit(place(), ['i32.const', random.below(2)], small(), ['table.init', segment, table]);
        return;
      default:
        this.emit(['elem.drop', segment]);
    }
  }

  private bulkStatement(): void {
    const { random, plan } = this;
    const memory = random.below(plan.memories.length);
    const is64 = plan.memories[memory]!.is64 === true;
    const isFar = random.chance(4);
    const put = (value: number, wide: boolean): void =>
      this.emit(wide ? ['i64.const', BigInt(value)] : ['i32.const', value]);
    const length = random.pick([0, 1, 7, 64, 65, 300]);
    put(isFar ? 65530 : random.below(2000), is64);
    switch (random.below(4)) {
      case 0:
        this.produce('i32');
        put(length, is64);
        this.emit(['memory.fill', memory]);
        return;
      case 1: {
        const from = random.below(plan.memories.length);
        const isFrom64 = plan.memories[from]!.is64 === true;
        put(random.below(2000), isFrom64);
        put(length, is64 && isFrom64);
        this.emit(['memory.copy', memory, from]);
        return;
      }
      case 2:
        this.emit(['i32.const', random.below(4)], ['i32.const', random.below(12)]);
        this.emit(['memory.init', random.below(plan.data.length), memory]);
        return;
      default:
        this.emit('drop', ['data.drop', random.below(plan.data.length)]);
    }
  }

  // Statements

  /** Code that leaves the stack as it was. */
  private statement(): void {
    const { random, plan } = this;
    if (this.left <= 0) return;
    const type = random.pick(this.values);
    const globals = plan.globals
      .map((_, i) => i)
      .filter((i) => plan.globals[i]!.isMutable && i !== plan.budget);
    const stores = this.rows.get(null) ?? [];
    random.weighted<() => void>([
      [20, () => this.assign(type)],
      [6, () => this.increment()],
      [globals.length > 0 ? 8 : 0, () => this.setGlobal(random.pick(globals))],
      [14, () => this.access(random.pick(stores.filter((row) => row.params[0] === 'addr')))],
      [4, () => this.discard(type)],
      [6, () => this.ifElse([])],
      [6, () => this.loop([])],
      [3, () => this.plainBlock()],
      [5, () => this.conditionalBranch()],
      [4, () => this.callStatement()],
      [4, () => this.bulkStatement()],
      [plan.profile.hasReferences ? 5 : 0, () => this.tableStatement()],
      [1, () => this.emit('nop')],
    ])();
  }

  private assign(type: Value): void {
    this.produce(type);
    this.emit(['local.set', this.local(type, true)]);
  }

  private increment(): void {
    const { random } = this;
    const is64 = random.chance(30);
    const local = this.local(is64 ? 'i64' : 'i32', true);
    this.emit(['local.get', local], is64 ? ['i64.const', random.i64()] : ['i32.const', random.i32()]);
    this.emit(`${is64 ? 'i64' : 'i32'}.${random.pick(['add', 'sub', 'xor', 'mul', 'rotr', 'shl'] as const)}`);
    this.emit(['local.set', local]);
  }

  private setGlobal(index: number): void {
    this.produce(this.plan.globals[index]!.type);
    this.emit(['global.set', index]);
  }

  private discard(type: Value): void {
    this.produce(type);
    this.emit('drop');
  }

  private plainBlock(): void {
    if (this.isDeep) return;
    this.emit(['block', null]);
    this.within([], () => {
      this.statement();
      this.statement();
    });
  }

  private conditionalBranch(): void {
    const { random, labels } = this;
    const depth = random.below(labels.length);
    const { types } = labels[labels.length - 1 - depth]!;
    this.produceAll(types);
    this.condition();
    this.emit(['br_if', depth]);
    this.consumeAll(types);
  }

  private callStatement(): void {
    const { random, plan } = this;
    if (this.loops > 1) return;
    const index = random.below(plan.funcs.length);
    this.call(index);
    this.consumeAll(plan.funcs[index]!.results);
  }
}
