/** `compileToJavaScript()`: compiles a module to JavaScript at build time, as the text of a file. */

import { InstructionReader } from '../decoder/instruction-reader.ts';
import { reading, readOptions } from '../errors/arguments.ts';
import type { BytesLike } from '../errors/bytes.ts';
import { CompiledModule, type FuncCode } from '../interpreter/code/compiled-module.ts';
import { moduleSha256 } from '../interpreter/code/precompiled-module.ts';
import { selectSchedule } from '../interpreter/fuel/check-schedule.ts';
import type { FuelSchedule } from '../interpreter/fuel/schedules.ts';
import { compileModule } from '../interpreter/instantiate/instantiate.ts';
import { pricesOf } from '../interpreter/snapshot/inventory.ts';
import { instructions, type Mnemonic } from '../syntax/instructions.ts';
import { editionText } from './edition-text.ts';
import { type GeneratedFunction, generateFunction, type LoopPlace, loopSteps, loopsOf } from './generate.ts';
import { writeNumbers } from './numbers-text.ts';
import { CODE_VERSION, type PrecompiledHead } from './precompiled.ts';
import { type CallProfile, profiledFunctions } from './profile.ts';
import { complete } from './steps.ts';
import { checkTarget, makeTarget } from './target.ts';

/**
 * Options of `compileToJavaScript`.
 *
 * ```ts
 * const options: CompileOptions = { target: 'nojit' };
 * const text: string = compileToJavaScript(doubleWasm, options);
 * // It goes to a file, which the program imports; here it is imported as it is.
 * const from = JSON.stringify(import.meta.resolve('quern/precompiled'));
 * const source = encodeURIComponent(text.replace('"quern/precompiled"', from));
 * const file = (await import(`data:text/javascript,${source}`)) as { readonly default: PrecompiledModule };
 * const store = new Store({ precompiled: file.default });
 * const double = instantiate(store, compileModule(doubleWasm), () => undefined).exports.get('double');
 * console.log(invoke(double as FuncInstance, [21n])); // → [ 42n ]
 * ```
 */
export interface CompileOptions {
  /** What runs the JavaScript; see `CompilerOptions`. Default: `jit`. */
  readonly target?: 'jit' | 'nojit' | undefined;
  /** The schedule that plug-ins will use. Default: `quern-1`. */
  readonly schedule?: FuelSchedule | string | undefined;
  /**
   * The functions that calls have run, from `quern bench --profile`: only these are compiled. Default: all functions.
   */
  readonly profile?: CallProfile | undefined;
}

/**
 * Compiles a module to JavaScript: the text of an ES module, which imports `quern/precompiled` and exports the value
 * that `createPlugin`, `Store` and others take as `precompiled`. The interpreter runs what it does not contain.
 *
 * ```js
 * const text = compileToJavaScript(doubleWasm);
 * console.log(text.includes('from "quern/precompiled"')); // → true
 * ```
 *
 * @throws DecodeError, ValidationError, UsageError
 */
export const compileToJavaScript = (
  module: CompiledModule | BytesLike,
  options: CompileOptions = {},
): string => {
  const { target: name, schedule: named, profile } = readOptions(options);
  const target = makeTarget(checkTarget(name) === 'jit');
  const isCompiled = reading('the module', () => module instanceof CompiledModule);
  const compiled = isCompiled ? (module as CompiledModule) : compileModule(module as BytesLike);
  const schedule = selectSchedule(named);
  const unit = compiled.unit(schedule);
  const wanted = profile === undefined ? null : profiledFunctions(profile, compiled.module);
  const functions: GeneratedFunction[] = [];
  const records: string[] = [];
  let id = unit.funcs.length;
  for (const code of unit.funcs) {
    if (code === null || (wanted !== null && !wanted.has(code.index))) continue;
    const func = generateFunction(unit, code.index, target);
    if (func === null) continue;
    functions.push(func);
    records.push(recordText(func, null));
    for (const place of leavableLoops(code)) {
      const loop = complete(loopSteps(unit, code.index, place, id, target));
      if (loop === null) continue;
      id++;
      functions.push(loop);
      records.push(recordText(loop, place));
    }
  }
  const head: PrecompiledHead = {
    version: CODE_VERSION,
    sha256: moduleSha256(compiled.module),
    byteLength: compiled.module.bytes.length,
    schedule: schedule.name,
    prices: pricesOf(schedule),
    functions: records.join(';'),
  };
  return [
    '// Made by quern compile.',
    'import { precompiled } from "quern/precompiled";',
    `export default precompiled(${JSON.stringify(head)}, function (E) {`,
    editionText(unit, functions, ''),
    '});\n',
  ].join('\n');
};

/** The record of a function or a loop: numbers that are read immediately, `:`, and those that are read on entry. */
const recordText = (
  { index, id, frameWords, entryNeed, pieces, exits }: GeneratedFunction,
  loop: LoopPlace | null,
): string => {
  const head = [index, id, frameWords, entryNeed, ...(loop === null ? [] : [loop.offset, loop.head])];
  const lists = pieces.flatMap((piece) => [piece.length, ...piece]);
  return `${writeNumbers(head)}:${writeNumbers([pieces.length, ...lists])}${writeNumbers(exits.toNumbers())}`;
};

/** Instructions at which callers may be left, so that the interpreter is in the middle of their loops. */
const leaving: ReadonlySet<Mnemonic> = new Set(['call', 'call_indirect', 'memory.grow']);

/** Loops that are worth entering while the interpreter runs their function. */
const leavableLoops = (code: FuncCode): readonly LoopPlace[] => {
  const loops = loopsOf(code);
  if (loops.length === 0) return loops;
  const { module } = code.unit;
  const { codeStart, end } = module.funcs[code.index]!.body!;
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(codeStart, end);
  const found = new Set<LoopPlace>();
  while (reader.pos < end) {
    reader.read();
    if (!leaving.has(instructions[reader.row]!.name)) continue;
    for (const loop of loops) if (loop.offset < reader.offset && reader.offset < loop.end) found.add(loop);
  }
  return loops.filter((loop) => found.has(loop));
};
