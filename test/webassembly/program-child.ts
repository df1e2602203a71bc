/**
 * Runs programs in a process of its own: `program-child.js ENGINE`. Reads a name per line and
 * answers each with a line of JSON: the result of one unit of work, and the CPU time it took.
 */
import { createInterface } from 'node:readline';
import { type ProgramName, programs, type Unit } from './programs.ts';

/** Whose namespace programs find: with `quern-compiled`, what runs often becomes JavaScript. */
export type ProgramEngine = 'native' | 'quern' | 'quern-compiled' | 'polywasm';

export type ProgramAnswer =
  | { readonly result: string; readonly ms: number; readonly loadMs: number }
  | { readonly error: string };

const engine = process.argv[2] as ProgramEngine;
if (engine === 'quern') await import('../../src/webassembly-replace.ts');
if (engine === 'quern-compiled') {
  const [{ compiler }, { createWebAssembly }] = await Promise.all([
    import('../../src/compile.ts'),
    import('../../src/webassembly.ts'),
  ]);
  (globalThis as { WebAssembly?: object }).WebAssembly = createWebAssembly({ compiler: compiler() });
}
if (engine === 'polywasm') {
  // @ts-expect-error: it has no declarations
  const { WebAssembly } = (await import('polywasm')) as { WebAssembly: object };
  (globalThis as { WebAssembly?: object }).WebAssembly = WebAssembly;
}

const MICROSECONDS_PER_MILLISECOND = 1000;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS_PER_MILLISECOND;
};

const loaded = new Map<ProgramName, Unit>();

const answer = async (name: ProgramName): Promise<ProgramAnswer> => {
  try {
    const begin = cpuMs();
    let unit = loaded.get(name);
    if (unit === undefined) loaded.set(name, (unit = await programs[name].load()));
    const start = cpuMs();
    const result = await unit();
    return { result, ms: cpuMs() - start, loadMs: start - begin };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
};

// Some glue code writes to the console when it fails.
console.log = console.error;
// A program that fails for good must not take the others with it.
process.on('uncaughtException', (error) => console.error(error));
for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await answer(line as ProgramName))}\n`);
process.exit(0);
