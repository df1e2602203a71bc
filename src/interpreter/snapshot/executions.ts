/** Paused calls: writing and restoring them. */

import { checkWholeNumber } from '../../errors/arguments.ts';
import { isWholeNumber } from '../../errors/checks.ts';
import { MAX_PARAMS } from '../../syntax/limits.ts';
import { matchesValType } from '../../syntax/matching.ts';
import { type FuncType, HEAP_EXN, refType, slotsOf, type ValType } from '../../syntax/types.ts';
import { Execution, type SavedExecution } from '../calls/execution.ts';
import { type FrameShape, frameShapes, mayBeUnset } from '../calls/frame-shapes.ts';
import type { ExecutionOptions } from '../calls/options.ts';
import type { ExceptionInstance } from '../instances/exception.ts';
import type { FuncInstance, WasmFuncInstance } from '../instances/module-instance.ts';
import { type CallState, small } from '../loop/machine-state.ts';
import { SPARE_SLOTS } from '../machine/machine.ts';
import { AT_INSTRUCTION, IN_HOST_CALL, NOT_BEGUN, RETURNED, THROWING } from './format.ts';
import { type Frame, readStack, StackBuilder } from './frames.ts';
import type { Inventory } from './inventory.ts';
import type { ReferenceReader } from './reference-reader.ts';
import type { ReferenceWriter } from './reference-writer.ts';
import { corrupt, type SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Bits of the flags. */
const ARMED = 1;
const PAUSED_BY_FUEL = 2;
const PAUSED_BY_SLICE = 4;

type Place = Pick<Frame, 'func' | 'offset'>;

/** The contents of the frames, found in one walk over each function. */
const shapesOf = (
  frames: readonly Place[],
  spend: (valueCount: number) => void = () => {},
): ((i: number) => FrameShape | undefined) => {
  const offsets = new Map<WasmFuncInstance, Set<number>>();
  for (const { func, offset } of frames) {
    const known = offsets.get(func);
    if (known === undefined) offsets.set(func, new Set([offset]));
    else known.add(offset);
  }
  const shapes = new Map([...offsets].map(([func, wanted]) => [func, frameShapes(func.code, wanted, spend)]));
  return (i) => shapes.get(frames[i]!.func)!.get(frames[i]!.offset);
};

const bodyOf = ({ code }: WasmFuncInstance): { start: number; end: number } =>
  code.unit.module.funcs[code.index]!.body!;

const endOf = ({ state, hasBegun, hostCall }: SavedExecution, frameCount: number): number => {
  if (!hasBegun) return NOT_BEGUN;
  if (hostCall !== null) return IN_HOST_CALL;
  if (state.thrown !== null) return THROWING;
  return frameCount === 0 ? RETURNED : AT_INSTRUCTION;
};

/** Writes a call that is not running. */
export const writeExecution = (
  out: SnapshotWriter,
  execution: Execution,
  inventory: Inventory,
  refs: ReferenceWriter,
): void => {
  const { func } = execution;
  const saved = execution.save();
  const { state, hostCall } = saved;
  const { frames, remaining } = saved.hasBegun ? readStack(saved) : { frames: [], remaining: 0 };
  const end = endOf(saved, frames.length);
  // A host function that is called again charges again, so its charge is refunded.
  const inHand = hostCall === null ? state.fuel + remaining : (state.pending?.fuel ?? state.fuel);
  const left = inHand + state.reserve;
  out.uint(inventory.funcs.numberOf(func, 'a function'));
  out.u8(
    state.isArmed * ARMED +
      (saved.pause === 'fuel' ? PAUSED_BY_FUEL : 0) +
      (saved.pause === 'slice' ? PAUSED_BY_SLICE : 0),
  );
  out.int(saved.given - left);
  out.int(left);
  out.u8(end);
  out.list(frames, (frame) => {
    out.uint(inventory.funcs.numberOf(frame.func, 'a function'));
    out.uint(frame.offset - bodyOf(frame.func).start);
  });
  writeFrames(frames, end, saved, refs);
  writeEnd(out, execution, saved, end, inventory, refs);
};

const writeFrames = (
  frames: readonly Frame[],
  end: number,
  { words, refs }: SavedExecution,
  out: ReferenceWriter,
): void => {
  const shapeAt = shapesOf(frames);
  frames.forEach(({ fp }, i) => {
    const shape = shapeAt(i)!;
    const isInCall = i < frames.length - 1 || end !== AT_INSTRUCTION;
    const count = isInCall ? shape.call!.valueCount : shape.types.length;
    for (let k = 0; k < count; k++) out.value(shape.types[k]!, words, fp + 2 * shape.slots[k]!, refs);
  });
};

const writeEnd = (
  out: SnapshotWriter,
  { func }: Execution,
  { state, words, refs, hostCall }: SavedExecution,
  end: number,
  inventory: Inventory,
  writer: ReferenceWriter,
): void => {
  const row = (types: readonly ValType[], base: number): void => {
    let at = base;
    for (const type of types) {
      writer.value(type, words, at, refs);
      at += 2 * slotsOf(type);
    }
  };
  if (end === NOT_BEGUN) row(func.signature.params, 0);
  else if (end === RETURNED) row(func.signature.results, 0);
  else if (end === THROWING) writer.ref(state.thrown);
  else if (hostCall !== null) {
    out.uint(inventory.funcs.numberOf(hostCall.func, 'a host function'));
    // Null when the embedder itself called the host function.
    out.uint(state.instance === null ? 0 : inventory.instances.indexOf(state.instance) + 1);
    row(hostCall.func.signature.params, hostCall.base);
  }
};

/** Whether the results of a function are those that the call of it expects. @spec match-functype */
const returnsInto = (type: FuncType, expected: FuncType): boolean =>
  type.results.length === expected.results.length &&
  type.results.every((result, i) => matchesValType(result, expected.results[i]!));

/** Reads one call. @param into the call itself, to restore its earlier state */
export const readExecution = (
  reader: SnapshotReader,
  inventory: Inventory,
  refs: ReferenceReader,
  options: ExecutionOptions,
  into?: Execution,
): Execution => {
  const func = readFunc(reader, inventory);
  const flags = reader.u8();
  if (flags > (ARMED | PAUSED_BY_FUEL | PAUSED_BY_SLICE)) throw corrupt('unknown flags of a call');
  const used = reader.int();
  const saved = reader.int();
  const end = reader.u8();
  if (used < 0 || !isWholeNumber(used + saved)) throw corrupt('impossible fuel of a call');
  // SAFETY: limits come from the code that restores; a snapshot can only lower them.
  const most = checkWholeNumber(options.fuel ?? Number.MAX_SAFE_INTEGER, 'fuel');
  const left = Math.min(saved, Math.max(0, most - used));
  if (end > NOT_BEGUN) throw corrupt('unknown end of a call');
  if (into !== undefined && into.func !== func) throw corrupt('a call of another function');
  const make = (state: CallState): SavedExecution => {
    state.isArmed = (flags & ARMED) !== 0 ? 1 : 0;
    state.fuel = small(Math.min(left, 0));
    state.reserve = Math.max(left, 0);
    const pause = flags & PAUSED_BY_FUEL ? 'fuel' : flags & PAUSED_BY_SLICE ? 'slice' : null;
    return {
      ...new CallReader(reader, inventory, refs, state, func).read(end),
      state,
      given: used + left,
      hasBegun: end !== NOT_BEGUN,
      pause: end === IN_HOST_CALL ? 'host' : pause,
    };
  };
  return into === undefined ? Execution.restore(func, options, make) : into.rewind(make);
};

const readFunc = (reader: SnapshotReader, { funcs }: Inventory): FuncInstance =>
  funcs.items[reader.index(funcs.items.length, 'function')]!;

type Stacks = Pick<SavedExecution, 'words' | 'calls' | 'refs' | 'hostCall'>;

/** A frame whose place is known. */
interface PlacedFrame extends Place {
  readonly fp: number;
  readonly shape: FrameShape;
  /** Its values; in a call, without those that the callee has taken. */
  readonly count: number;
}

/** Reads the stacks of one call. */
class CallReader {
  private readonly reader: SnapshotReader;
  private readonly inventory: Inventory;
  private readonly references: ReferenceReader;
  private readonly state: CallState;
  private readonly func: FuncInstance;
  private readonly builder: StackBuilder;
  private words = new Int32Array(0);
  private refs: unknown[] = [];

  constructor(
    reader: SnapshotReader,
    inventory: Inventory,
    references: ReferenceReader,
    state: CallState,
    func: FuncInstance,
  ) {
    this.reader = reader;
    this.inventory = inventory;
    this.references = references;
    this.state = state;
    this.func = func;
    this.builder = new StackBuilder(state, state.isArmed === 1);
  }

  read(end: number): Stacks {
    const places = this.places();
    const needsFrames = end === AT_INSTRUCTION;
    const hasNone = end === RETURNED || end === NOT_BEGUN;
    if (needsFrames ? places.length === 0 : hasNone && places.length > 0)
      throw corrupt('a call with the wrong number of frames');
    const frames = this.enter(places, end);
    const last = frames[frames.length - 1];
    const expected = last?.shape.call?.type ?? this.func.signature;
    const base = last?.shape.call ? last.fp + 2 * last.shape.call.base : 0;
    this.reserve(frames.reduce((most, { func, fp }) => Math.max(most, fp + 2 * func.code.frameSlots), 0));
    for (const { fp, shape, count } of frames) {
      for (let i = 0; i < count; i++) {
        const type = shape.types[i]!;
        this.value(type, fp + 2 * shape.slots[i]!, mayBeUnset(shape, i, type));
      }
    }
    const hostCall = this.end(end, base, expected);
    const calls = end === NOT_BEGUN ? new Int32Array(0) : this.builder.finish(end === THROWING);
    this.state.top = this.words.length;
    return { words: this.words, calls, refs: this.refs, hostCall };
  }

  /** Functions and offsets of the frames. */
  private places(): Place[] {
    return this.reader.list((depth) => {
      if (2 * depth >= this.state.callLimit) throw corrupt('more nested calls than the limit');
      const func = readFunc(this.reader, this.inventory);
      if (func.code === null) throw corrupt('a frame of a host function');
      const { start, end } = bodyOf(func);
      return { func, offset: start + this.reader.uint(end - start) };
    });
  }

  /** Puts the frames on the stack, without their values. */
  private enter(places: readonly Place[], end: number): PlacedFrame[] {
    // Each value takes at least a byte, except for operands that calls have taken.
    let budget = this.reader.left + places.length * (MAX_PARAMS + 1);
    const shapeAt = shapesOf(places, (count) => {
      budget -= count;
      if (budget < 0) throw corrupt('more frames than its bytes can hold');
    });
    let expected = this.func.signature;
    let fp = 0;
    return places.map((place, i) => {
      const { func, offset } = place;
      const shape = shapeAt(i);
      if (shape === undefined) throw corrupt(`function ${func.code.index} has no instruction at ${offset}`);
      if (!returnsInto(func.signature, expected))
        throw corrupt('a frame that returns results that its caller does not expect');
      this.builder.enter(func, fp);
      const at = fp;
      if (i === places.length - 1 && end === AT_INSTRUCTION) {
        this.builder.stand(func, offset);
        return { ...place, fp: at, shape, count: shape.types.length };
      }
      const { call } = shape;
      if (call === null) throw corrupt('a frame is not inside a call');
      this.builder.call(func, offset);
      expected = call.type;
      fp += 2 * call.base;
      return { ...place, fp: at, shape, count: call.valueCount };
    });
  }

  /** Makes the stacks this many words long. */
  private reserve(wordCount: number): void {
    if (wordCount <= this.words.length) return;
    if (wordCount > this.state.stackLimit + 2 * SPARE_SLOTS) throw corrupt('larger frames than the limit');
    const words = new Int32Array(wordCount);
    words.set(this.words);
    this.words = words;
    while (this.refs.length < wordCount >> 1) this.refs.push(null);
  }

  private value(type: ValType, at: number, isOptional = false): void {
    this.references.value(this.reader, type, this.words, at, this.refs, isOptional);
  }

  private row(types: readonly ValType[], base: number): void {
    let at = base;
    for (const type of types) {
      this.value(type, at);
      at += 2 * slotsOf(type);
    }
  }

  /** The values above the frames; the host function that will be called again. */
  private end(end: number, base: number, expected: FuncType): Stacks['hostCall'] {
    const { func, reader } = this;
    if (end === THROWING) {
      const thrown = this.references.ref(reader, refType(HEAP_EXN, false));
      this.state.thrown = thrown as ExceptionInstance;
    } else if (end === NOT_BEGUN || end === RETURNED) {
      this.reserve(func.borderWords);
      this.row(end === NOT_BEGUN ? func.signature.params : func.signature.results, 0);
    } else if (end === IN_HOST_CALL) {
      const host = readFunc(reader, this.inventory);
      if (host.host === null || !returnsInto(host.signature, expected))
        throw corrupt('a host call of another function');
      const { instances } = this.inventory;
      const number = reader.uint(instances.length);
      if (number > 0) this.builder.callHost(instances[number - 1]!);
      else if (func.instance !== null) throw corrupt('a host call without a caller');
      this.reserve(base + host.borderWords);
      this.row(host.signature.params, base);
      return { func: host, base };
    }
    return null;
  }
}
