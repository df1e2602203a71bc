/**
 * The effects of host functions on a call of the engine, so that they can be repeated without calling the functions:
 * results, what was charged or thrown, and bytes of memories. Effects on tables and globals are not recorded.
 */

import { InternalError } from '../errors/errors.ts';
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type {
  Caller,
  FuncInstance,
  HostFuncInstance,
  HostWrite,
  ModuleInstance,
  RawHostCode,
} from '../interpreter/instances/module-instance.ts';

/** Bytes that are compared and recorded together. */
const BLOCK = 4096;

interface Block {
  readonly memory: MemoryInstance;
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The effects of one call of a host function. */
interface Answer {
  readonly func: HostFuncInstance;
  readonly isLater: boolean;
  readonly charged: number;
  readonly blocks: readonly Block[];
  /** Pages that memories have grown to. */
  readonly pages: readonly (readonly [memory: MemoryInstance, pageCount: number])[];
  readonly words: Int32Array;
  readonly refs: readonly unknown[];
  readonly thrown: { readonly error: unknown } | null;
}

const blocksOf = (memory: MemoryInstance, before: Uint8Array): Block[] => {
  const { bytes } = memory;
  const blocks: Block[] = [];
  for (let address = 0; address < bytes.length; address += BLOCK) {
    const end = Math.min(address + BLOCK, bytes.length);
    let i = address;
    while (i < end && bytes[i] === (before[i] ?? 0)) i++;
    if (i < end) blocks.push({ memory, address, bytes: bytes.slice(address, end) });
  }
  return blocks;
};

/** A function's own code, which is replaced. */
type Changeable = { host: RawHostCode };

export class HostTape {
  private readonly answers: Answer[] = [];
  private readonly originals = new Map<HostFuncInstance, RawHostCode>();
  private readonly memories: readonly MemoryInstance[];
  position = 0;

  constructor(instances: readonly ModuleInstance[]) {
    this.memories = [...new Set(instances.flatMap(({ memories }) => memories))];
    const funcs = new Set<FuncInstance>(instances.flatMap((instance) => instance.funcs));
    for (const func of funcs) {
      if (func.host === null) continue;
      this.originals.set(func, func.host);
      (func as Changeable).host = (words, base, caller, refs) =>
        this.position < this.answers.length
          ? this.repeat(func, words, base, caller, refs)
          : this.record(func, words, base, caller, refs);
    }
  }

  /** From here on, the recorded answers are repeated. */
  rewind(position: number): void {
    this.position = position;
  }

  /** Restores the functions' own code. */
  end(): void {
    for (const [func, host] of this.originals) (func as Changeable).host = host;
  }

  private readonly record = (
    func: HostFuncInstance,
    words: Int32Array,
    base: number,
    caller: Caller,
    refs: unknown[],
  ): undefined | Promise<HostWrite> => {
    const before = this.memories.map(({ bytes }) => bytes.slice());
    let charged = 0;
    const spy: Caller = {
      instance: caller.instance,
      charge: (fuel) => {
        caller.charge(fuel);
        charged += fuel;
      },
    };
    const note = (
      isLater: boolean,
      from: Int32Array,
      at: number,
      held: unknown[],
      thrown: Answer['thrown'],
    ): void => {
      const count = func.borderWords;
      this.answers.push({
        func,
        isLater,
        charged,
        blocks: this.memories.flatMap((memory, i) => blocksOf(memory, before[i]!)),
        pages: this.memories.map((memory) => [memory, memory.pageCount]),
        words: from.slice(at, at + count),
        refs: held.slice(at >> 1, (at + count) >> 1),
        thrown,
      });
      this.position = this.answers.length;
    };
    const fail = (isLater: boolean, error: unknown): never => {
      note(isLater, words, base, refs, { error });
      throw error;
    };
    let promise: undefined | Promise<HostWrite>;
    try {
      promise = this.originals.get(func)!(words, base, spy, refs);
    } catch (error) {
      return fail(false, error);
    }
    if (promise === undefined) {
      note(false, words, base, refs, null);
      return undefined;
    }
    return promise.then(
      (write) => (to, at, held) => {
        write(to, at, held);
        note(true, to, at, held, null);
      },
      (error: unknown) => fail(true, error),
    );
  };

  private readonly repeat = (
    func: HostFuncInstance,
    words: Int32Array,
    base: number,
    caller: Caller,
    refs: unknown[],
  ): undefined | Promise<HostWrite> => {
    const answer = this.answers[this.position++]!;
    if (answer.func !== func)
      throw new InternalError('internal.bug', {
        detail: 'the call has reached a different host function than before',
      });
    const write: HostWrite = (to, at, held) => {
      for (const [memory, pageCount] of answer.pages)
        if (memory.pageCount < pageCount) memory.grow(pageCount - memory.pageCount);
      for (const { memory, address, bytes } of answer.blocks) memory.bytes.set(bytes, address);
      to.set(answer.words, at);
      answer.refs.forEach((ref, i) => {
        held[(at >> 1) + i] = ref;
      });
    };
    caller.charge(answer.charged);
    const finish = (): HostWrite => {
      if (answer.thrown !== null) throw answer.thrown.error;
      return write;
    };
    if (answer.isLater) return Promise.resolve().then(finish);
    finish()(words, base, refs);
    return undefined;
  };
}
