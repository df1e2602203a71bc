/**
 * The input of environments: an empty folder with the packed package installed, a program that runs the plug-ins, and
 * the same program with the package in one file, for environments that cannot load modules.
 */
import { execSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from '@swc/core';
import { build } from 'esbuild';
import { root } from '../../test/shared.ts';
import { type MatrixPlugin, matrixPlugins } from './plugins.ts';

/** Prefix of the line that the program writes; the rest is JSON. */
export const MARK = 'QUERN-MATRIX ';

/** One plug-in in one environment: null if all of its outputs were right. */
export interface PluginResult {
  readonly id: string;
  readonly failure: string | null;
}

/** No classes of Node or of the web: only those of Quern and of the language. */
const probe = `import { createPlugin } from 'quern';
const hex = (bytes) => Array.from(bytes, (byte) => (byte < 16 ? '0' : '') + byte.toString(16)).join('');
const run = async ({ wasm, useWasi, config, calls }) => {
  const plugin = await createPlugin({ wasm: [{ data: wasm }] }, { useWasi, config });
  for (const { fn, input, output } of calls) {
    const given = hex((await plugin.call(fn, new Uint8Array(input))).bytes());
    if (given !== output) throw new Error(fn + ': another output: ' + given.slice(0, 200));
  }
  await plugin.close();
};
export const probe = async (plugins) => {
  const results = [];
  for (const plugin of plugins) {
    let failure = null;
    try {
      await run(plugin);
    } catch (error) {
      failure = String(error);
    }
    results.push({ id: plugin.id, failure });
  }
  return results;
};
`;

/** Files of the folder. */
export interface Kit {
  readonly folder: string;
  readonly plugins: readonly MatrixPlugin[];
  /** A module that imports the installed package by name and writes the line. */
  readonly program: string;
  /** A module in one file, which exports `probe` and `plugins`. */
  readonly module: string;
  /** A classic script in one file, which writes the line with `print` or `console.log`. */
  readonly script: string;
  /** The same in ES5, for Hermes. */
  readonly script5: string;
}

const npm = (command: string, cwd: string): string =>
  execSync(`npm ${command}`, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const lower = async (code: string): Promise<string> => {
  const { code: lowered } = await transform(code, {
    jsc: {
      parser: { syntax: 'ecmascript' },
      target: 'es5',
      assumptions: { privateFieldsAsProperties: true, setPublicClassFields: true },
      externalHelpers: false,
    },
    isModule: false,
  });
  return lowered;
};

const joined = async (entry: string, outfile: string, format: 'esm' | 'iife'): Promise<void> => {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format,
    // No platform: an import of anything but files of the package is an error here.
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
  });
};

/** Packs the package, installs it into a new folder, and writes the programs. */
export const makeKit = async (): Promise<Kit> => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-matrix-'));
  npm(`pack --ignore-scripts --pack-destination "${folder}"`, root);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  file('package.json', '{ "name": "matrix", "private": true, "type": "module" }');
  npm(`install --no-audit --no-fund --ignore-scripts ./${archive}`, folder);
  const plugins = matrixPlugins();
  file('probe.js', probe);
  file('plugins.js', `export const plugins = ${JSON.stringify(plugins)};\n`);
  const imports = "import { probe } from './probe.js';\nimport { plugins } from './plugins.js';\n";
  const line = (write: string): string =>
    `probe(plugins).then((results) => ${write}(${JSON.stringify(MARK)} + JSON.stringify(results)));\n`;
  const program = file('program.js', imports + line('console.log'));
  const entry = file('entry.js', "export * from './probe.js';\nexport * from './plugins.js';\n");
  const module = join(folder, 'module.js');
  await joined(entry, module, 'esm');
  const write = "const write = typeof print === 'function' ? print : console.log;\n";
  const scriptEntry = file('script-entry.js', imports + write + line('write'));
  const script = join(folder, 'script.cjs');
  await joined(scriptEntry, script, 'iife');
  const script5 = file('script5.cjs', await lower(readFileSync(script, 'utf8')));
  return { folder, plugins, program, module, script, script5 };
};
