/** Runs code that was made at build time: the file passes a table of its functions, and the function of a scope. */
import { InternalError, UsageError } from '../errors/errors.ts';
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import { type PrecompiledModule, registerPrecompiled } from '../interpreter/code/precompiled-module.ts';
import type { FuelSchedule } from '../interpreter/fuel/schedules.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { pricesOf } from '../interpreter/snapshot/inventory.ts';
import { Batch } from './batch.ts';
import { ExitTable } from './exits.ts';
import type { CodeSource, CompiledInstance } from './link.ts';
import { NumberReader } from './numbers-text.ts';
import { FunctionRecord, type LoopRange, type Part } from './part.ts';
import { Patches } from './patches.ts';
import { CodeProvider, type UnitCode } from './provider.ts';
import type { CompiledFunction, Edition } from './scope.ts';
import { useTier } from './tier.ts';

/**
 * Version of the interface between generated code and the engine: names, helpers, exits, frames. Files are bound to
 * it; any change of these makes a new version.
 */
export const CODE_VERSION = 1;

/** What a file is bound to, and the table of its functions. */
export interface PrecompiledHead {
  readonly version: number;
  readonly sha256: string;
  readonly byteLength: number;
  /** Name of the fuel schedule, and the checksum of its prices. */
  readonly schedule: string;
  readonly prices: number;
  /** A record for each function and loop, `;` between them; see `recordText`. */
  readonly functions: string;
}

/**
 * Makes the value for the option `precompiled` of `createPlugin` from the contents of a file that `quern compile`
 * wrote. Only such files call it.
 *
 * Example: see `CompileOptions`.
 */
export const precompiled = (
  head: PrecompiledHead,
  makeScope: (environment: object) => object,
): PrecompiledModule => {
  useTier();
  return registerPrecompiled(new PrecompiledCode(head, makeScope as Edition['makeScope']));
};

/** A function of a file. Its exits are read when it is entered. */
class TableFunction implements CompiledFunction {
  readonly index: number;
  readonly id: number;
  readonly isLoop: boolean;
  readonly frameWords: number;
  readonly entryNeed: number;
  /** For a loop: its offset, and the offset of its first instruction. */
  readonly offset: number;
  readonly head: number;
  private readonly rest: string;
  private details: Pick<CompiledFunction, 'exits' | 'pieces'> | null = null;

  constructor(text: string) {
    const [head = '', rest = ''] = text.split(':');
    const reader = new NumberReader(head);
    this.index = reader.read();
    this.id = reader.read();
    this.frameWords = reader.read();
    this.entryNeed = reader.read();
    this.isLoop = !reader.isAtEnd;
    this.offset = this.isLoop ? reader.read() : 0;
    this.head = this.isLoop ? reader.read() : 0;
    this.rest = rest;
  }

  private read(): Pick<CompiledFunction, 'exits' | 'pieces'> {
    if (this.details !== null) return this.details;
    const reader = new NumberReader(this.rest);
    const pieces: number[][] = [];
    for (let left = reader.read(); left > 0; left--) {
      const piece: number[] = [];
      for (let names = reader.read(); names > 0; names--) piece.push(reader.read());
      pieces.push(piece);
    }
    this.details = { pieces, exits: ExitTable.fromNumbers(reader.readAll()) };
    return this.details;
  }

  get exits(): ExitTable {
    return this.read().exits;
  }
  get pieces(): readonly (readonly number[])[] {
    return this.read().pieces;
  }
}

class PrecompiledCode extends CodeProvider implements PrecompiledModule {
  readonly kind = 'precompiled';
  readonly threshold = 0;
  readonly chance = null;
  readonly isAllowed = true;
  readonly sha256: string;
  readonly byteLength: number;
  private readonly head: PrecompiledHead;
  private readonly makeScope: Edition['makeScope'];
  private made: Edition | null = null;
  private readonly units = new WeakMap<CodeUnit, PrecompiledUnit>();

  constructor(head: PrecompiledHead, makeScope: Edition['makeScope']) {
    super();
    this.head = head;
    this.sha256 = head.sha256;
    this.byteLength = head.byteLength;
    this.makeScope = makeScope;
  }

  check(schedule: FuelSchedule): void {
    const { version, schedule: name, prices } = this.head;
    const fail = (expected: string, actual: string): never => {
      throw new UsageError('usage.precompiled', {
        expected,
        actual,
        detail: `made for ${expected}, not for ${actual}`,
      });
    };
    if (version !== CODE_VERSION) fail(`version ${version} of generated code`, `version ${CODE_VERSION}`);
    const actual = pricesOf(schedule);
    if (name !== schedule.name || prices !== actual)
      fail(
        `the fuel schedule ${name} with prices ${hex(prices)}`,
        `${schedule.name} with prices ${hex(actual)}`,
      );
  }

  unitOf(unit: CodeUnit): PrecompiledUnit {
    let code = this.units.get(unit);
    if (code === undefined) this.units.set(unit, (code = new PrecompiledUnit(this.edition)));
    return code;
  }

  private get edition(): Edition {
    if (this.made === null) {
      const functions = new Map<number, TableFunction>();
      for (const text of this.head.functions.split(';')) {
        if (text === '') continue;
        const func = new TableFunction(text);
        functions.set(func.id, func);
      }
      this.made = { characters: 0, functions, makeScope: this.makeScope };
    }
    return this.made;
  }

  mayCompile(): boolean {
    return true;
  }
}

const hex = (value: number): string => (value >>> 0).toString(16);

/** The code of one unit: every instance has all of it from the beginning. */
class PrecompiledUnit implements UnitCode, CodeSource {
  readonly patches = new Patches();
  readonly batch = new Batch();
  readonly source = this;
  readonly leavesLoops = false;
  readonly instances = new WeakMap<ModuleInstance, CompiledInstance>();
  private readonly made: Edition;
  private readonly loops = new Map<number, TableFunction[]>();
  private readonly records = new Map<FuncCode, FunctionRecord>();

  constructor(edition: Edition) {
    this.made = edition;
    for (const func of edition.functions.values()) {
      if (!func.isLoop) continue;
      const loops = this.loops.get(func.index);
      if (loops === undefined) this.loops.set(func.index, [func as TableFunction]);
      else loops.push(func as TableFunction);
    }
  }

  edition(): Edition {
    return this.made;
  }

  editionWith(): null {
    return null;
  }

  placedText(): never {
    throw new InternalError('internal.bug', { detail: 'the text of precompiled code' });
  }

  interpretedText(): never {
    return this.placedText();
  }

  recordOf(code: FuncCode): FunctionRecord {
    let record = this.records.get(code);
    if (record === undefined)
      this.records.set(code, (record = new FunctionRecord(code, ({ index }) => this.rangesOf(index))));
    return record;
  }

  private rangesOf(index: number): readonly LoopRange[] {
    return (this.loops.get(index) ?? []).map(({ offset, head }) => ({ offset, head, end: head }));
  }

  generate(part: Part): CompiledFunction | null {
    const { code, loop } = part;
    part.generated ??=
      (loop === null
        ? this.made.functions.get(code.index)
        : this.loops.get(code.index)?.find(({ offset }) => offset === loop.offset)) ?? null;
    return part.generated;
  }
}
