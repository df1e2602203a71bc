/** Loads what `compileToJavaScript` gives as a program does: as a module in a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type CompileOptions, compileToJavaScript, type PrecompiledModule } from '../../src/compile.ts';
import { root } from '../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-precompiled-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** The text as it is where the package is installed. */
export const installed = (text: string): string => {
  const entry = pathToFileURL(join(root, 'build/src/precompiled.js')).href;
  return text.replace('"quern/precompiled"', JSON.stringify(entry));
};

export const loadText = async (text: string): Promise<PrecompiledModule> => {
  const file = join(folder, `${++files}.mjs`);
  writeFileSync(file, installed(text));
  const { default: precompiled } = (await import(pathToFileURL(file).href)) as {
    readonly default: PrecompiledModule;
  };
  return precompiled;
};

export const precompile = (bytes: Uint8Array, options?: CompileOptions): Promise<PrecompiledModule> =>
  loadText(compileToJavaScript(bytes, options));
