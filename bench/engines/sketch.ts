/** The prototype of a register interpreter from before the design of this engine. */
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchEngine } from './engine.ts';

interface Sketch {
  get(variant: string): unknown;
  inst(
    name: string,
    variant: unknown,
    args?: readonly string[],
    output?: (descriptor: number, text: string) => void,
  ): {
    readonly E: { readonly I: Int32Array };
    readonly m: { readonly exports: Readonly<Record<string, { readonly i: number }>> };
    call(index: number, base: number): void;
  };
}

/** Pages that the sketch reserves for a program, since its memories do not grow. */
const PROGRAM_PAGES = 1024;

/** @param source folder of the sketch; it generates files, so it is copied */
export const makeSketch = (source: string): BenchEngine => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-sketch-'));
  cpSync(source, folder, { recursive: true });
  const require = createRequire(join(folder, 'run0.js'));
  const { W } = require('./wl.js') as { W: Record<string, object> };
  const sketch = require('./run0.js') as Sketch;
  const variant = sketch.get('packed_dv');
  let count = 0;
  const add = (bytes: Uint8Array, kind: object): string => {
    const name = `workload${count++}`;
    const path = join(folder, `${name}.wasm`);
    writeFileSync(path, bytes);
    W[name] = { path, ...kind };
    return name;
  };
  return {
    loadMicro: (bytes) => {
      const name = add(bytes, { micro: 1 });
      const { E, m, call } = sketch.inst(name, variant);
      return {
        run: (units) => {
          E.I[0] = units;
          call(m.exports['run']!.i, 0);
          return String(E.I[0]);
        },
      };
    },
    loadProgram: (bytes) => {
      const name = add(bytes, { wasi: 1, grow: PROGRAM_PAGES });
      return {
        run: (units) => {
          let output = '';
          const { m, call } = sketch.inst(name, variant, ['program', String(units)], (_, text) => {
            output += text;
          });
          try {
            call(m.exports['_start']!.i, 0);
          } catch (error) {
            if ((error as { wasiExit?: number }).wasiExit !== 0) throw error;
          }
          return output.trim();
        },
      };
    },
  };
};
