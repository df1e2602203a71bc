/**
 * Compiled modules and their translated functions. The code itself lies in the array of `code-space.ts`.
 */

import { InstructionReader } from '../decoder/instruction-reader.ts';
import type { Features } from '../syntax/features.ts';
import type { Module } from '../syntax/module.ts';
import { slotsOf } from '../syntax/types.ts';
import type { Boundary, Site } from './code-writer.ts';
import type { Handler } from './exception-handlers.ts';
import type { FuelSchedule } from './fuel.ts';
import { MAX_PACKED_SLOT } from './isa.ts';

/**
 * A module that was decoded and validated; instances share it and its code.
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
  private readonly units = new Map<FuelSchedule, CodeUnit>();
  private reader: InstructionReader | null = null;
  private views: readonly Uint8Array[] | null = null;

  constructor(module: Module, features: Features) {
    this.module = module;
    this.features = features;
  }

  /** Reads constant expressions. PERF: one for all; a module of Go's has thousands of segments, each with one. */
  get constants(): InstructionReader {
    this.reader ??= new InstructionReader(this.module.bytes, this.module.types);
    return this.reader;
  }

  /** Contents of the data segments, which nobody changes. */
  get dataViews(): readonly Uint8Array[] {
    const { bytes, data } = this.module;
    this.views ??= data.map(({ start, end }) => bytes.subarray(start, end));
    return this.views;
  }

  /** The code for one fuel schedule; functions are translated when first called. */
  unit(schedule: FuelSchedule): CodeUnit {
    let unit = this.units.get(schedule);
    if (unit === undefined) {
      unit = new CodeUnit(this.module, schedule);
      this.units.set(schedule, unit);
    }
    return unit;
  }
}

/** The functions of a module under one schedule. */
export class CodeUnit {
  readonly module: Module;
  readonly schedule: FuelSchedule;
  /** By index in the function index space; null for imports. */
  readonly funcs: readonly (FuncCode | null)[];
  /** Word offset of each global in the words of an instance. */
  readonly globalOffsets: Int32Array;
  readonly globalWordCount: number;

  constructor(module: Module, schedule: FuelSchedule) {
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
}

/** A stretch of the code array. */
export interface CodeRegion {
  readonly start: number;
  readonly end: number;
  readonly func: FuncCode;
  readonly isCareful: boolean;
  /** Exception handlers, in order of the code they protect. */
  readonly handlers: readonly Handler[];
}

/** Slots that large frames have behind the parameters, for operands that packed fields cannot name. */
export const SCRATCH_SLOTS = 2;

/** The code of one defined function. */
export class FuncCode {
  readonly unit: CodeUnit;
  readonly index: number;
  /** Program counter of the fast code's entry; 0 = not translated yet. */
  entry = 0;
  fast: CodeRegion | null = null;
  careful: CodeRegion | null = null;
  /** Boundaries and sites of the fast code; made when first needed. */
  fastMap: CodeMap | null = null;
  carefulMap: CodeMap | null = null;
  /** Frame size in slots, parameters included; the counted size that limits apply to. */
  readonly frameSlots: number;

  constructor(unit: CodeUnit, index: number) {
    this.unit = unit;
    this.index = index;
    const func = unit.module.funcs[index]!;
    let slots = func.body!.maxStackSlots;
    for (const type of func.type.comp.kind === 'func' ? func.type.comp.params : []) slots += slotsOf(type);
    for (const run of func.body!.locals) slots += run.count * slotsOf(run.type);
    this.frameSlots = slots > MAX_PACKED_SLOT ? slots + SCRATCH_SLOTS : slots;
  }
}

/** What translating a function with recording on tells about its code. */
export class CodeMap {
  /** In order of pc. */
  readonly sites: readonly Site[];
  readonly boundaries: readonly Boundary[];
  private readonly byOffset = new Map<number, Boundary>();

  constructor(boundaries: readonly Boundary[], sites: readonly Site[]) {
    this.boundaries = boundaries;
    this.sites = sites;
    // Of several at one offset the last counts: it lies behind the way back to fast code.
    for (const boundary of boundaries) this.byOffset.set(boundary.offset, boundary);
  }

  /** The last boundary in front of the instruction at a byte offset. */
  boundaryAt(offset: number): Boundary | undefined {
    return this.byOffset.get(offset);
  }

  /** The last boundary at a program counter. */
  boundaryOf(pc: number): Boundary | undefined {
    const index = lastAtMost(this.boundaries, pc);
    return this.boundaries[index]?.pc === pc ? this.boundaries[index] : undefined;
  }

  /** Index of the last site at or before a program counter; -1 if there is none. */
  siteIndex(pc: number): number {
    return lastAtMost(this.sites, pc);
  }
}

/** Index of the last item whose pc is at most `pc`. */
const lastAtMost = (items: readonly { readonly pc: number }[], pc: number): number => {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.pc <= pc) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
