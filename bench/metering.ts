/**
 * What does metering cost? `npm run bench -- metering [WORKLOAD…]`: this build beside a copy of it whose loop and
 * translator omit everything about fuel, made for this measurement and never shipped. Samples are taken in turn.
 *
 * Without fuel nothing can stop a call, so the copy is only for comparison, not an alternative.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { generateDispatch } from '../scripts/dispatch/generate-dispatch.ts';
import { root } from '../test/shared.ts';
import { EngineProcess } from './engine-process.ts';
import { geometricMean, type MeasureOptions, measure, median } from './measure.ts';
import { selectWorkloads } from './workloads.ts';

/**
 * Replaces a text that must exist in a file of the copy: a change of the sources fails here instead of changing the
 * figures.
 */
const patch = (file: string, from: RegExp, to: string): void => {
  const text = readFileSync(file, 'utf8');
  if (!from.test(text)) throw new Error(`${file} has changed; bench/metering.ts must follow`);
  writeFileSync(file, text.replace(from, to));
};

/** Writes a build without metering into a folder. */
const buildUnmetered = (build: string, folder: string): void => {
  cpSync(join(build, 'src'), join(folder, 'src'), { recursive: true });
  // The package's type and name, which the copy must find above it.
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const { outputText } = ts.transpileModule(generateDispatch(false), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const interpreter = (name: string): string => join(folder, 'src/interpreter', name);
  writeFileSync(interpreter('dispatch.generated.js'), outputText.replaceAll(/(from '[^']+)\.ts'/g, "$1.js'"));
  patch(interpreter('translation.js'), /charge\(cost\) \{/, 'charge(cost) {\n        return;');
  patch(interpreter('fuel.js'), /export const entryCost = [^;]*;/, 'export const entryCost = () => 0;');
};

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`.padStart(10);
const print = (name: string, ratio: number, best: number): void =>
  console.log(`${name.padEnd(16)}${percent(ratio)}${percent(best)}`);

/** Measures and prints. */
export const runMetering = async (
  build: string,
  names: readonly string[],
  options: MeasureOptions,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-unmetered-'));
  const engines: EngineProcess[] = [];
  try {
    buildUnmetered(build, folder);
    engines.push(
      new EngineProcess('metered', 'quern', build),
      new EngineProcess('unmetered', 'quern', folder),
    );
    console.log(
      'CPU time with fuel as a share of the time without it: medians, and quickest, of samples in turn\n',
    );
    const ratios: number[] = [];
    const bests: number[] = [];
    for (const workload of selectWorkloads(names)) {
      const [metered, unmetered] = await measure(engines, workload, options);
      if (metered === undefined || unmetered === undefined || 'error' in metered || 'error' in unmetered) {
        console.log(`${workload.name.padEnd(10)} failed: ${JSON.stringify([metered, unmetered])}`);
        process.exitCode = 1;
        continue;
      }
      const ratio = median(metered.perUnit) / median(unmetered.perUnit);
      // On a machine that others use, the fastest samples are more informative than the median ones.
      const best = Math.min(...metered.perUnit) / Math.min(...unmetered.perUnit);
      ratios.push(ratio);
      bests.push(best);
      print(workload.name, ratio, best);
    }
    if (ratios.length > 1)
      print(`geo. mean of ${ratios.length}`, geometricMean(ratios), geometricMean(bests));
  } finally {
    for (const engine of engines) engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
