/**
 * How generated code calls functions of the host: at once, with arguments in the words of the machine where no frame
 * lies. Where the answer is not a plain one, the frames are laid and the interpreter stands inside of the call, as if
 * it had made it.
 */

import { hostFailure } from '../interpreter/cold/calls.ts';
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type {
  HostFuncInstance,
  HostWrite,
  ModuleInstance,
} from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { HOST_PAUSE, NO_FUEL, RESTART } from '../interpreter/loop/status.ts';
import type { Machine } from '../interpreter/machine/machine.ts';
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { F32, F64, I64 } from '../syntax/types.ts';
import { readText, writeText } from './frame-text.ts';
import { isNumeric } from './generator.ts';
import { LEFT, type Leaving } from './leaving.ts';
import type { Scope } from './scope.ts';

/** Words of the JavaScript stack that all calls of generated code take before they go on in the interpreter. */
const STACK_WORDS = 30_000;
/** What a call that a host function makes takes from them: so only a few that are nested enter generated code. */
const NESTED_WORDS = 4000;

/** The innermost call of generated code. There is one of the process, as there is one machine. */
class Activation {
  /** Null while no generated code runs. */
  m: MachineState | null = null;
  /** First word of its frames. */
  fp = 0;
  /** Behind the last word that its frames may reach. */
  ceiling = 0;
  /** What it has of the JavaScript stack. */
  room = STACK_WORDS;

  /** Brings fuel into hand while frames are not laid; false where the code that runs has to be left. */
  refill(need: number, memory: MemoryInstance): boolean {
    const m = this.m!;
    const { fuel, top } = m;
    const { view, byteLength } = memory;
    // Whoever is asked may run calls in turn.
    m.top = this.ceiling;
    const isRefilled = m.refill(need);
    m.top = top;
    if (!isRefilled || (memory.view === view && memory.byteLength === byteLength)) return isRefilled;
    m.reserve += m.fuel - fuel;
    m.fuel = fuel;
    return false;
  }

  set(m: MachineState | null, fp: number, ceiling: number, room: number): void {
    this.m = m;
    this.fp = fp;
    this.ceiling = ceiling;
    this.room = room;
  }

  /** What a call has of the JavaScript stack that begins now. */
  get left(): number {
    const { m } = this;
    return m === null ? STACK_WORDS : this.room - ((m.top - this.fp) >> 1) - NESTED_WORDS;
  }
}
export const activation = new Activation();

/** Makes texts differ. PERF: V8 gives equal texts the same code, which then knows no function of the host. */
let texts = 0;

/** Calls of the host by the generated code of one instance. */
export class HostCalls {
  private readonly machine: Machine;
  private readonly leaving: Leaving;
  /** Of the call that the frames are laid for: the function, where its arguments or results are, and its answer. */
  private func: HostFuncInstance | null = null;
  private base = 0;
  private fuel = 0;
  private promise: Promise<HostWrite> | undefined = undefined;
  private failure: unknown = undefined;
  private hasFailed = false;

  constructor(machine: Machine, leaving: Leaving) {
    this.machine = machine;
    this.leaving = leaving;
  }

  /** Puts the functions of the host that an instance imports in their places; calls of other imports leave. */
  link(instance: ModuleInstance, scope: Scope): void {
    const { refs } = this.machine;
    const { module, schedule } = instance.unit;
    for (let index = 0; index < module.importedFuncCount; index++) {
      const func = instance.funcs[index]!;
      const { params, results } = func.signature;
      if (func.host === null || ![...params, ...results].every(isNumeric)) continue;
      const link = scope.evaluate(hostCallText(index, func, schedule.hostCall + func.fuel));
      (link as (...values: unknown[]) => void)(
        this,
        this.leaving,
        activation,
        func,
        instance.memory0,
        refs,
        LEFT,
      );
    }
  }

  /** Brings what a call costs into hand, or leaves in front of it; what is left. */
  readonly pay = (fuel: number, price: number, memory: MemoryInstance): number => {
    const m = activation.m!;
    m.fuel = fuel;
    if (!activation.refill(price, memory)) this.leaving.leaveCall();
    return m.fuel - price;
  };

  /** Says how the interpreter goes on where the frames are laid: a status. */
  settle(m: MachineState): number {
    const { base, fuel, promise, failure, hasFailed } = this;
    const func = this.func!;
    const to = m.top;
    this.machine.words.copyWithin(to, base, base + func.borderWords);
    m.top = to + func.borderWords;
    this.func = null;
    this.promise = undefined;
    this.failure = undefined;
    this.hasFailed = false;
    if (hasFailed) return hostFailure(m, failure);
    // What the host called in turn may have replaced the code array.
    m.fuel -= this.machine.space.words[m.pc - 1]!;
    if (promise === undefined) return m.fuel < 0 ? NO_FUEL : RESTART;
    m.pending = { func, base: to, promise, fuel };
    return HOST_PAUSE;
  }
}

/** The text that, evaluated and called, puts a function of the host in its place. */
const hostCallText = (index: number, func: HostFuncInstance, price: number): string => {
  const { params, results } = func.signature;
  const names = params.map((type, i) => (type === I64 ? `l${i},h${i}` : `l${i}`));
  const write = params.map((type, i) => writeText(type, i, `l${i}`, `h${i}`));
  // The words hold the results already, with all bits of a NaN.
  const raw = results.flatMap((type, i) => {
    const value = readText(type, i);
    if (type === F32) return [`(${value}!==${value}&&I[k+${2 * i}]!==${CANONICAL_NAN_32})`];
    if (type === F64)
      return [`(${value}!==${value}&&(I[k+${2 * i}]!==0||I[k+${2 * i + 1}]!==${CANONICAL_NAN_64_HIGH}))`];
    return [];
  });
  const read = results.flatMap((type, i) => {
    const high = type === I64 ? `I[k+${2 * i + 1}]` : null;
    if (i === 0) return high === null ? [] : [`HI=${high};`];
    return [`R[${2 * i}]=${readText(type, i)};`, ...(high === null ? [] : [`R[${2 * i + 1}]=${high};`])];
  });
  // A function that is not brief may look at the stack.
  const refused = [`w<${func.borderWords >> 1}`, ...(func.isBrief ? [] : ['m.isSeen'])].join('||');
  // Fuel below zero is found by the test behind the call.
  const odd = ['p!==void 0', 'm.isLookDue&&!m.refill(0)', 'M.view!==v', 'M.byteLength!==b', ...raw].join(
    '||',
  );
  return [
    `(function(H,L,A,func,M,refs,E){var host=func.host;`,
    `f${index}=function(${['w', ...names].join(',')}){`,
    `var m=A.m,k=A.ceiling-2*w,f=FU-${price},v=M.view,b=M.byteLength,p;`,
    `if(${refused})L.leaveCall();`,
    `if(f<0)f=H.pay(FU,${price},M);`,
    ...write,
    `m.fuel=f;m.top=k+${func.borderWords};`,
    func.isBrief ? '' : 'm.isLookDue=m.isWatched;',
    `try{p=host(I,k,m,refs)}catch(e){H.func=func;H.base=k;H.failure=e;H.hasFailed=true;L.isInCall=true;throw E}`,
    `if(${odd}){H.func=func;H.base=k;H.fuel=f;H.promise=p;L.isInCall=true;throw E}`,
    'FU=m.fuel;',
    ...read,
    results.length === 0 ? '' : `return ${readText(results[0]!, 0)}`,
    `}})//${++texts}`,
  ].join('');
};
