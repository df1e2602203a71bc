/**
 * Compiled modules and their translated functions. The code itself is in the array of `code-space.ts`.
 */

import { InstructionReader } from '../../decoder/instruction-reader.ts';
import { reading } from '../../errors/arguments.ts';
import { UsageError } from '../../errors/errors.ts';
import type { Features } from '../../syntax/features.ts';
import type { Module } from '../../syntax/module.ts';
import { releaseTypes } from '../../syntax/type-registry.ts';
import { slotsOf } from '../../syntax/types.ts';
import type { FuelSchedule } from '../fuel/schedules.ts';
import type { CodeMap } from './code-map.ts';
import { type CodeHold, firstBehind } from './code-space.ts';
import { MAX_PACKED_SLOT } from './encoding.ts';
import type { HandlerTable } from './handlers.ts';
import type { PrecompiledModule } from './precompiled-module.ts';
import { slotCountOf } from './types-layout.ts';

/**
 * A decoded and validated module; instances share it and its code.
 *
 * ```js
 * const compiled = compileModule(doubleWasm);
 * const [one, two] = [new Store(), new Store()].map((store) => instantiate(store, compiled, () => undefined));
 * console.log(one.compiled === two.compiled); // → true
 * ```
 */
export class CompiledModule {
  readonly module: Module;
  readonly features: Features;
  private readonly units: CodeUnit[] = [];
  private reader: InstructionReader | null = null;
  private views: readonly Uint8Array[] | null = null;

  constructor(module: Module, features: Features) {
    this.module = module;
    this.features = features;
  }

  /** Reads constant expressions. PERF: one for all; a Go module has thousands of segments, each with one. */
  get constants(): InstructionReader {
    this.reader ??= new InstructionReader(this.module.bytes, this.module.types);
    return this.reader;
  }

  /** Contents of the data segments, which never change. */
  get dataViews(): readonly Uint8Array[] {
    const { bytes, data } = this.module;
    this.views ??= data.map(({ start, end }) => bytes.subarray(start, end));
    return this.views;
  }

  /**
   * The code for one fuel schedule; functions are translated when first called.
   *
   * @param compiler null if the interpreter runs everything
   */
  unit(schedule: FuelSchedule, compiler: JavaScriptCompiler | PrecompiledModule | null = null): CodeUnit {
    let unit = this.units.find((item) => item.schedule === schedule && item.compiler === compiler);
    if (unit === undefined) {
      unit = new CodeUnit(this.module, schedule, compiler);
      this.units.push(unit);
    }
    return unit;
  }

  /**
   * Releases the module's part of what all modules share: code and types. No instances exist any more, nor anything
   * of theirs.
   */
  giveBack(): void {
    for (const unit of this.units) unit.giveBack();
    releaseTypes(this.module.types);
  }
}

/** What an observer sees of a call: fuel, words in use on the call stack, and the owner of the running code. */
export interface ObservedCall {
  readonly given: number;
  readonly fuel: number;
  readonly reserve: number;
  readonly sp: number;
  readonly instance: { readonly unit: CodeUnit } | null;
}
/** Receives what code does. Part of a `JavaScriptCompiler`, which an observer replaces. */
export interface Observer {
  /** Events are in the words from one place to another, see `EVENT_WORDS`. */
  observe(call: ObservedCall, words: Int32Array, from: number, to: number): void;
  /** A call has ended; the rest of its fuel is not in hand. */
  end(call: ObservedCall, ahead: number): void;
}

/**
 * Compiles what runs often to JavaScript. Made by `compiler()` of `quern/compile`; plug-ins and stores may share one.
 *
 * Example: see `CompilerOptions`.
 */
export interface JavaScriptCompiler {
  readonly kind: 'compiler';
  /** The observer of the calls; then no JavaScript is made. @internal */
  readonly observer?: Observer;
  /**
   * A sentence for a log, if the host refuses code from text: the interpreter then runs everything. Null if it does
   * not, and if the sentence was read before.
   */
  takeRefusal(): string | null;
}

/** Checks the option `compiler`. @throws UsageError */
export const checkCompiler = (value: JavaScriptCompiler | undefined): JavaScriptCompiler | null => {
  if (value === undefined) return null;
  const isOne = reading('compiler', () => typeof value === 'object' && value?.kind === 'compiler');
  if (isOne) return value;
  throw new UsageError('usage.argument', { detail: 'compiler was not made by compiler() of quern/compile' });
};

/** The functions of a module under one schedule, with or without another tier. */
export class CodeUnit {
  readonly module: Module;
  readonly schedule: FuelSchedule;
  /** The source of generated code; null if the interpreter runs everything. */
  readonly compiler: JavaScriptCompiler | PrecompiledModule | null;
  /** The observer of the code, or null. */
  readonly observer: Observer | null;
  /** By index in the function index space; null for imports. */
  readonly funcs: readonly (FuncCode | null)[];
  /** Word offset of each global in the words of an instance. */
  readonly globalOffsets: Int32Array;
  readonly globalWordCount: number;
  /** The code's part of the code array; null before the first allocation. */
  hold: CodeHold | null = null;
  /** Sorted by start. */
  private readonly regions: CodeRegion[] = [];
  private instanceCount = 0;

  constructor(module: Module, schedule: FuelSchedule, compiler: CodeUnit['compiler']) {
    this.compiler = compiler;
    this.observer = compiler?.kind === 'compiler' ? (compiler.observer ?? null) : null;
    this.module = module;
    this.schedule = schedule;
    this.funcs = module.funcs.map((func, index) => (func.body === null ? null : new FuncCode(this, index)));
    this.globalOffsets = new Int32Array(module.globals.length);
    // Four words for each: room for a v128.
    module.globals.forEach((_, i) => {
      this.globalOffsets[i] = 4 * i;
    });
    this.globalWordCount = 4 * module.globals.length;
  }

  /** Bytes of all bodies. */
  get byteLength(): number {
    return this.module.funcs.reduce((sum, { body }) => sum + (body === null ? 0 : body.end - body.start), 0);
  }

  /** Records the place of a function's code. */
  add(region: CodeRegion): void {
    this.regions.splice(firstBehind(this.regions, region.start), 0, region);
  }

  /** The region that contains a program counter, if any. */
  find(pc: number): CodeRegion | null {
    const region = this.regions[firstBehind(this.regions, pc) - 1];
    return region !== undefined && pc < region.end ? region : null;
  }

  /** There is one more instance. */
  open(): void {
    if (this.instanceCount++ > 0 || this.hold === null) return;
    if (this.hold.isGone) this.forget();
    else this.hold.wake();
  }

  /** There is one less: it has no open call, and none can begin. */
  close(): void {
    if (--this.instanceCount === 0) this.hold?.rest();
  }

  /** Releases the code. No call is open; a new one translates again. */
  giveBack(): void {
    this.hold?.giveBack();
    this.forget();
  }

  private forget(): void {
    this.hold = null;
    for (const { func } of this.regions.splice(0)) {
      func.entry = 0;
      func.fast = null;
      func.careful = null;
      func.fastMap = null;
      func.carefulMap = null;
      func.chargesAll = false;
    }
  }
}

/** A range of the code array. */
export interface CodeRegion {
  readonly start: number;
  /** Program counter of the first operation. */
  readonly entry: number;
  readonly end: number;
  readonly func: FuncCode;
  readonly isCareful: boolean;
  /** Exception handlers; null if there are none. */
  readonly handlers: HandlerTable | null;
}

/** The region that contains a program counter of an instance's code; none in host functions. */
export const regionAt = (instance: { readonly unit: CodeUnit } | null, pc: number): CodeRegion | null =>
  instance?.unit.find(pc) ?? null;

/** Slots after the parameters in large frames, for operands that packed fields cannot name. */
export const SCRATCH_SLOTS = 2;

/** The code of one defined function. */
export class FuncCode {
  readonly unit: CodeUnit;
  readonly index: number;
  /** Program counter of the fast code's entry; 0 = not translated yet. */
  entry = 0;
  fast: CodeRegion | null = null;
  careful: CodeRegion | null = null;
  /** Whether its code would be larger than the limit. */
  isTooLarge = false;
  /** Boundaries and sites of the fast code; made when first needed. */
  fastMap: CodeMap | null = null;
  carefulMap: CodeMap | null = null;
  /** Whether its careful code has a charge for every instruction, even if it costs nothing. */
  chargesAll = false;
  /** Frame size in slots, including parameters; the counted size that limits apply to. */
  readonly frameSlots: number;

  constructor(unit: CodeUnit, index: number) {
    this.unit = unit;
    this.index = index;
    const func = unit.module.funcs[index]!;
    let slots = func.body!.maxStackSlots;
    if (func.type.comp.kind === 'func') slots += slotCountOf(func.type.comp.params);
    for (const run of func.body!.locals) slots += run.count * slotsOf(run.type);
    this.frameSlots = slots > MAX_PACKED_SLOT ? slots + SCRATCH_SLOTS : slots;
  }
}
