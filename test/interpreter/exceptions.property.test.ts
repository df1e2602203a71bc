/**
 * Random nests of handlers of both forms, in functions that call each other: engine and reference agree on
 * results, fuel and every pause.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble, type Instruction } from '../assembler.ts';
import { runOnAll } from './everywhere.ts';

/** Numerical Recipes' generator: the same programs everywhere. */
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/** What a branch to a label takes along, and whether it is that of a handler of the older form. */
interface Label {
  readonly takes: 'nothing' | 'number' | 'exception';
  readonly isHandler: boolean;
}

const FUNC_COUNT = 4;
/** Locals: the value of the function, a caught number, a caught exception. */
const VALUE = 0;
const NUMBER = 1;
const EXCEPTION = 2;
const exnref = { heap: 'exn', nullable: true } as const;
const getValue: Instruction = ['local.get', VALUE];

/** Writes the body of one function, `[i32] -> [i32]`, from statements that leave the stack as it was. */
class Generator {
  private readonly random: (below: number) => number;
  private readonly index: number;
  private readonly labels: Label[] = [{ takes: 'number', isHandler: false }];

  constructor(random: (below: number) => number, index: number) {
    this.random = random;
    this.index = index;
  }

  body(): readonly Instruction[] {
    return [...this.statements(4), getValue];
  }

  private within<T>(takes: Label['takes'], write: () => T, isHandler = false): T {
    this.labels.push({ takes, isHandler });
    const written = write();
    this.labels.pop();
    return written;
  }

  private statements(depth: number): Instruction[] {
    return Array.from({ length: 1 + this.random(3) }, () => this.statement(depth)).flat();
  }

  /** Statements inside a construct to which branches take nothing. */
  private inner(depth: number, isHandler = false): Instruction[] {
    return this.within('nothing', () => this.statements(depth - 1), isHandler);
  }

  private statement(depth: number): Instruction[] {
    switch (this.random(depth === 0 ? 4 : 10)) {
      case 0:
        return this.change();
      case 1:
        return this.perhaps(() => this.throwing());
      case 2:
        return this.perhaps(() => this.branch());
      case 3:
        return this.call();
      case 4:
        return [['block', null], ...this.inner(depth), 'end'];
      case 5:
        return this.catchNumber(depth);
      case 6:
        return this.catchReference(depth);
      case 7:
        return this.catchAll(depth);
      case 8:
        return [['try', null], ...this.inner(depth), ['delegate', this.random(this.labels.length)]];
      default:
        return this.older(depth);
    }
  }

  /** value = 31 × value + constant */
  private change(): Instruction[] {
    const constant: Instruction = ['i32.const', this.random(100)];
    return [getValue, ['i32.const', 31], 'i32.mul', constant, 'i32.add', ['local.set', VALUE]];
  }

  /** Under a condition mostly, so that what follows can be reached. */
  private perhaps(write: () => Instruction[]): Instruction[] {
    if (this.random(8) === 0) return write();
    const divisor: Instruction = ['i32.const', 2 + this.random(3)];
    return [getValue, divisor, 'i32.rem_u', ['if', null], ...this.within('nothing', write), 'end'];
  }

  private throwing(): Instruction[] {
    const handlers = this.labels.flatMap((label, i) => (label.isHandler ? [this.labels.length - 1 - i] : []));
    if (handlers.length > 0 && this.random(3) === 0)
      return [['rethrow', handlers[this.random(handlers.length)]!]];
    if (this.random(4) === 0) return [['local.get', EXCEPTION], 'throw_ref'];
    return this.random(3) === 0 ? [['throw', 1]] : [getValue, ['throw', 0]];
  }

  private branch(): Instruction[] {
    const label = this.random(this.labels.length);
    const { takes } = this.labels[this.labels.length - 1 - label]!;
    const operand: Instruction = ['local.get', takes === 'number' ? VALUE : EXCEPTION];
    return takes === 'nothing' ? [['br', label]] : [operand, ['br', label]];
  }

  private call(): Instruction[] {
    const callees = FUNC_COUNT - 1 - this.index;
    if (callees === 0) return this.change();
    const callee = this.index + 1 + this.random(callees);
    if (this.random(6) === 0) return [getValue, ['return_call', callee]];
    // With a value below, which unwinding leaves alone or drops.
    return [getValue, getValue, ['call', callee], 'i32.xor', ['local.set', VALUE]];
  }

  /** The number goes to a block around, or is returned. */
  private catchNumber(depth: number): Instruction[] {
    const guarded = this.within('number', (): Instruction[] => {
      const label = this.random(5) === 0 ? this.labels.length - 1 : 0;
      return [['try_table', null, [{ tag: 0, withRef: false, label }]], ...this.inner(depth), 'end'];
    });
    const keep: Instruction[] = ['end', ['local.set', NUMBER], ['local.get', NUMBER], ['local.set', VALUE]];
    return [['block', 'i32'], ...guarded, ['local.get', NUMBER], ...keep];
  }

  private catchReference(depth: number): Instruction[] {
    const clauses = [{ tag: null, withRef: true, label: 0 }];
    const guarded = this.within('exception', () => this.inner(depth));
    return [
      ['block', exnref],
      ['try_table', null, clauses],
      ...guarded,
      'end',
      ['ref.null', 'exn'],
      'end',
      ['local.set', EXCEPTION],
    ];
  }

  private catchAll(depth: number): Instruction[] {
    const clauses = [{ tag: this.random(2) === 0 ? null : 1, withRef: false, label: 0 }];
    const guarded = this.within('nothing', () => this.inner(depth));
    return [['block', null], ['try_table', null, clauses], ...guarded, 'end', 'end'];
  }

  private older(depth: number): Instruction[] {
    const code: Instruction[] = [['try', null], ...this.inner(depth)];
    if (this.random(3) > 0) code.push(['catch', 0], ['local.set', NUMBER], ...this.inner(depth, true));
    if (this.random(2) > 0) code.push('catch_all', ...this.inner(depth, true));
    return [...code, 'end'];
  }
}

const program = (seed: number): Uint8Array => {
  const random = randomFrom(seed);
  return assemble({
    types: [{ params: ['i32'], results: ['i32'] }, { params: ['i32'] }, {}],
    tags: [1, 2],
    funcs: Array.from({ length: FUNC_COUNT }, (_, index) => ({
      type: 0,
      locals: [
        [1, 'i32'],
        [1, exnref],
      ] as const,
      code: new Generator(random, index).body(),
    })),
    exports: [['run', 'func', 0]],
  });
};

test('random programs with handlers run the same on engine and reference', () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 150; seed++) {
    const main = program(seed);
    for (const arg of [0n, 5n]) {
      const { result } = runOnAll({ main }, 'run', [arg], ['legacy-exceptions']);
      outcomes.add(typeof result === 'string' ? result : 'done');
    }
  }
  // The programs are worth something only if they end in different ways.
  assert.deepEqual([...outcomes].sort(), ['done', 'exception.uncaught', 'trap.null-exception']);
});
