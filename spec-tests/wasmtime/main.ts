/**
 * The schedule `wasmtime-46` against the assertions of wasmtime: `npm run wasmtime-fuel -- CHECKOUT`, a checkout of
 * bytecodealliance/wasmtime since version 46.
 *
 * Each assertion gives the cost of making an instance, including its start function. Here this is the cost of the
 * start function; wasmtime adds the entry of an extra function, the call from it, and constant expressions.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { instructions } from '../../src/inspect.ts';
import { parseModule } from '../../src/text.ts';
import {
  compileModule,
  instantiate,
  type Module,
  Store,
  startExecution,
  wasmtime46,
} from '../../src/wasm.ts';

/**
 * The cost of wasmtime's extra function, which runs the constant expressions of globals and calls the start function.
 */
const startUpFuel = ({ bytes, types, globals }: Module): number => {
  let fuel = wasmtime46.entry + wasmtime46.cost.call;
  const reader = new InstructionReader(bytes, types);
  for (const { init } of globals) {
    if (init === null) continue;
    reader.reset(init.start, init.end);
    for (let last = 0; reader.pos < init.end; last = reader.lo) {
      reader.read();
      const { name, fuel: cost } = instructions[reader.row]!;
      fuel += wasmtime46.cost[cost] + (name === 'array.new_default' ? last : 0);
    }
  }
  return fuel;
};

const fuelOf = (text: string): number => {
  const compiled = compileModule(parseModule(text));
  const { start } = compiled.module;
  if (start === null) return 0;
  const store = new Store({ schedule: wasmtime46 });
  const instance = instantiate(store, compiled, () => undefined, { skipStart: true });
  const execution = startExecution(instance.funcs[start]!, []);
  execution.run();
  return execution.fuelConsumed + startUpFuel(compiled.module);
};

/** The assertions: fuel, and the text of a module. */
const assertionsIn = (text: string): readonly (readonly [fuel: number, module: string])[] =>
  text
    .split('(assert_fuel ')
    .slice(1)
    .map((part) => {
      const at = part.search(/\s/);
      return [Number(part.slice(0, at)), part.slice(at, part.lastIndexOf(')'))];
    });

const main = (): number => {
  const checkout = process.argv[2];
  const file = join(checkout ?? '', 'tests/all/fuel.wast');
  if (checkout === undefined || !existsSync(file)) {
    console.error('npm run wasmtime-fuel -- CHECKOUT, of bytecodealliance/wasmtime');
    return 2;
  }
  const assertions = assertionsIn(readFileSync(file, 'utf8'));
  let failed = 0;
  for (const [fuel, module] of assertions) {
    const own = fuelOf(module);
    if (own === fuel) continue;
    failed++;
    console.log(`FAIL expected ${fuel}, got ${own}:${module}`);
  }
  console.log(`${assertions.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
};

process.exitCode = main();
