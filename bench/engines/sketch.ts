/** The register interpreter that was sketched before this engine was designed; micros only. */
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
  ): {
    readonly E: { readonly I: Int32Array };
    readonly m: { readonly exports: { readonly run: { readonly i: number } } };
    call(index: number, base: number): void;
  };
}

/** @param source folder of the sketch; it generates files, so it is copied */
export const makeSketch = (source: string): BenchEngine => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-sketch-'));
  cpSync(source, folder, { recursive: true });
  const require = createRequire(join(folder, 'run0.js'));
  const { W } = require('./wl.js') as { W: Record<string, object> };
  const sketch = require('./run0.js') as Sketch;
  const variant = sketch.get('packed_dv');
  let count = 0;
  return {
    loadMicro: (bytes) => {
      const name = `workload${count++}`;
      const path = join(folder, `${name}.wasm`);
      writeFileSync(path, bytes);
      W[name] = { path, micro: 1 };
      const { E, m, call } = sketch.inst(name, variant);
      return {
        run: (units) => {
          E.I[0] = units;
          call(m.exports.run.i, 0);
          return String(E.I[0]);
        },
      };
    },
  };
};
