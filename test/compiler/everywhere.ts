/**
 * Compiles everything that runs in this process, no matter who made the store: what was not given a compiler gets one.
 *
 * So tests, tools and other people's suites run on compiled code without a change of theirs.
 */
import { getMachine } from '../../src/interpreter/machine/machine.ts';
import { CompiledModule } from '../../src/wasm.ts';
import { type Forced, forcedCompiler } from './forced-compiler.ts';

/** @throws Error where code from strings is not allowed */
export const compileEverywhere = (forced: Forced): void => {
  const compiler = forcedCompiler(forced);
  // The machine trains itself by running code, which must stay the interpreter's.
  getMachine();
  const { unit } = CompiledModule.prototype;
  CompiledModule.prototype.unit = function (schedule, own = null) {
    return unit.call(this, schedule, own ?? compiler);
  };
};
