/**
 * The local types of one function, from parameters and declared groups, and which locals without a default value have
 * been set.
 *
 * A group of 50,000 locals takes four bytes of the file, so expanding every declaration would not be linear in the
 * size of the module: at most a few entries per byte of the body are expanded, the rest is found by bisection.
 */
import { LimitError } from '../errors/errors.ts';
import { MAX_LOCALS } from '../syntax/limits.ts';
import type { FuncBody } from '../syntax/module.ts';
import { type FuncType, isNullable, isRef, type ValType } from '../syntax/types.ts';

/** Whether a local of this type needs no `local.set` before its first use. @spec aux-default */
export const isDefaultable = (type: ValType): boolean => !isRef(type) || isNullable(type);

const EXPANDED_PER_BYTE = 4;
const ALWAYS_EXPANDED = 256;

/** Locals of the function under validation; reused from function to function. */
export class Locals {
  /** Types of the first `expandedCount` locals. */
  types: Int32Array = new Int32Array(ALWAYS_EXPANDED);
  expandedCount = 0;
  /** All locals, including parameters. */
  count = 0;
  /** Whether there are locals that must be set before use. */
  tracksInit = false;
  /** Locals that were set, in order; control frames cut it back. */
  readonly setOrder: number[] = [];
  private readonly isSet: Set<number> = new Set();
  private readonly runEnds: number[] = [];
  private readonly runTypes: ValType[] = [];
  private paramCount = 0;

  /** Starts a function; `body` is null for constant expressions, which have no locals. */
  reset(type: FuncType, body: FuncBody | null): void {
    this.paramCount = type.params.length;
    this.count = this.paramCount + (body === null ? 0 : body.localCount);
    if (this.count > MAX_LOCALS) {
      const detail = `${this.count} locals`;
      throw new LimitError('limit.module', {
        detail,
        limit: MAX_LOCALS,
        actual: this.count,
        offset: body?.start ?? 0,
      });
    }
    this.tracksInit = false;
    if (this.setOrder.length > 0) this.unsetDownTo(0);
    if (this.runEnds.length > 0) this.runEnds.length = this.runTypes.length = 0;
    const byteLength = body === null ? 0 : body.end - body.start;
    const room = Math.min(
      this.count,
      Math.max(ALWAYS_EXPANDED, EXPANDED_PER_BYTE * byteLength, this.paramCount),
    );
    if (this.types.length < room) this.types = new Int32Array(2 * room);
    // PERF: a loop, because `set` and `fill` cost more than the usually few entries.
    const { types } = this;
    for (let i = 0; i < this.paramCount; i++) types[i] = type.params[i]!;
    this.expandedCount = room;
    if (body !== null) this.addRuns(body);
  }

  private addRuns(body: FuncBody): void {
    const { types } = this;
    let end = this.paramCount;
    for (const run of body.locals) {
      const start = end;
      end += run.count;
      if (run.count === 0) continue;
      if (end > this.expandedCount) {
        this.runEnds.push(end);
        this.runTypes.push(run.type);
      }
      if (!isDefaultable(run.type)) this.tracksInit = true;
      const last = Math.min(end, this.expandedCount);
      for (let i = start; i < last; i++) types[i] = run.type;
    }
  }

  /** Type of a local; `index` must be below `count`. */
  typeOf(index: number): ValType {
    if (index < this.expandedCount) return this.types[index]!;
    let low = 0;
    let high = this.runEnds.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.runEnds[middle]! > index) high = middle;
      else low = middle + 1;
    }
    return this.runTypes[low]!;
  }

  /** Whether a local has a value at this point. */
  isInitialised(index: number): boolean {
    return index < this.paramCount || isDefaultable(this.typeOf(index)) || this.isSet.has(index);
  }

  /** Records that a local was set. */
  markSet(index: number): void {
    if (this.isInitialised(index)) return;
    this.isSet.add(index);
    this.setOrder.push(index);
  }

  /** Resets what was set inside a construct that ends. */
  unsetDownTo(length: number): void {
    while (this.setOrder.length > length) this.isSet.delete(this.setOrder.pop()!);
  }
}
