/**
 * Makes calls of every kind, and prints those whose registers, instance or memory have a hidden class of their own. Run
 * in a process of its own, with `--allow-natives-syntax`.
 */
import { compiler } from '../../src/compile.ts';
import {
  compileModule,
  type Execution,
  type ExecutionOptions,
  type FuncInstance,
  type FuncType,
  hostFunction,
  instantiate,
  type ModuleInstance,
  restoreSnapshot,
  Store,
  type StoreOptions,
  startExecution,
  takeSnapshot,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

const haveSameClass = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
  a: object,
  b: object,
) => boolean;

const { counts, endless, arrays } = compileWat({
  counts: `(module
    (import "host" "bill" (func $bill))
    (memory 1)
    (func (export "run") (param i32) (local i32)
      (call $bill)
      (loop $again
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 1000))
        (br_if $again (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))))`,
  endless: '(module (memory 65536 65536))',
  arrays: `(module
    (type $bytes (array i8))
    (global (ref $bytes) (array.new_default $bytes (i32.const 0xffff_fff0))))`,
});
const few = 3n;
const many = 200_000n;

/** What a call consists of, inside. */
const stateOf = (call: Execution) =>
  (call as unknown as { readonly state: { readonly instance: ModuleInstance } }).state;

/** The first object of each kind. */
const first = new Map<string, object>();
const check = (title: string, kind: string, object: object): void => {
  const expected = first.get(kind);
  if (expected === undefined) first.set(kind, object);
  else if (!haveSameClass(expected, object)) process.stdout.write(`${kind} of ${title}\n`);
};
const checkCall = (title: string, call: Execution): void => {
  const state = stateOf(call);
  check(title, 'registers', state);
  check(title, 'instance', state.instance);
  check(title, 'memory', state.instance.memory0);
};

let bill = 0;
const make = (options?: StoreOptions) =>
  instantiate(new Store(options), compileModule(counts), (_module, _name, desc) =>
    hostFunction((desc as { type: { comp: FuncType } }).type.comp, (_args, caller) => {
      caller.charge(bill);
      return [];
    }),
  );
const start = (turns: bigint, options: ExecutionOptions, store?: StoreOptions): Execution =>
  startExecution(make(store).exports.get('run') as FuncInstance, [turns], options);
/** Runs a call to its end, or until it lacks fuel. */
const run = (title: string, call: Execution): Execution => {
  checkCall(title, call);
  call.run();
  checkCall(title, call);
  return call;
};
const refuses = (act: () => unknown): void => {
  try {
    act();
  } catch {
    return;
  }
  throw new Error('not refused');
};

run('little fuel', start(few, { fuel: 1000 }));
for (const fuel of [1e9, 1e12, Number.MAX_SAFE_INTEGER]) run(`${fuel} units of fuel`, start(many, { fuel }));
bill = 100_000;
run('a bill', start(few, {}));
run('a bill that cannot be paid', start(few, { fuel: 5000 }));
bill = 0;
const paused = run('a call without fuel', start(many, { fuel: 1000 }));
paused.takeFuel();
paused.addFuel(3000);
run('fuel that was taken back', paused);
const stopped = run('a call before a snapshot', start(many, { fuel: 70_000 }));
const bytes = takeSnapshot({
  instances: [stateOf(stopped).instance],
  executions: [stopped],
});
const [restored] = restoreSnapshot(bytes, { instances: [make()] });
restored!.addFuel(1e12);
run('a restored call', restored!);
let pauses = 0;
const sliced = start(many, { onSlice: () => ++pauses < 3 });
while (sliced.run() !== 'done') checkCall('a call in slices', sliced);
const compiled = start(many, { onSlice: () => false }, { compiler: compiler({ threshold: 0 }) });
run('a call while it is compiled', compiled);
refuses(() => instantiate(new Store({ maxMemoryPages: 16 }), compileModule(endless), () => undefined));
refuses(() => instantiate(new Store(), compileModule(arrays), () => undefined));
run('a call after refused modules', start(few, {}));
process.stdout.write(`${first.size} kinds\n`);
