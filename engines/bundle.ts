/**
 * Makes one classic script from the compiled driver and its program, for any JavaScript engine.
 *
 * Engines with ES2023 get the shipped code, joined by esbuild without rewriting. For Hermes, which has neither
 * classes nor block scopes, swc lowers it to ES5, as Metro does for React Native.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from '@swc/core';
import { build } from 'esbuild';
import { root } from '../test/shared.ts';
import type { Program } from './program.ts';

/** The language version for an engine. */
export type Syntax = 'es2023' | 'es5';

/** @param entry of the driver */
const joinModules = async (entry: string): Promise<string> => {
  const result = await build({
    entryPoints: [join(root, 'build/engines/driver', entry)],
    bundle: true,
    write: false,
    format: 'iife',
    // No platform: an import of anything but our own files is an error here.
    platform: 'neutral',
    target: 'esnext',
    legalComments: 'none',
  });
  return result.outputFiles[0]!.text;
};

const lower = async (code: string): Promise<string> => {
  const { code: lowered } = await transform(code, {
    jsc: {
      parser: { syntax: 'ecmascript' },
      target: 'es5',
      // Private members as properties with odd names: Hermes has no private ones, and maps are slow.
      assumptions: { privateFieldsAsProperties: true, setPublicClassFields: true },
      externalHelpers: false,
    },
    isModule: false,
  });
  return lowered;
};

const drivers = new Map<string, Promise<string>>();
/** The driver without a program: the same for all parts. */
const driverFor = (syntax: Syntax, entry: string): Promise<string> => {
  const key = `${syntax} ${entry}`;
  const driver =
    drivers.get(key) ?? joinModules(entry).then((joined) => (syntax === 'es5' ? lower(joined) : joined));
  drivers.set(key, driver);
  return driver;
};

/**
 * Writes the script for one kind of engine and returns its path.
 *
 * @param precompiled the text of an object with precompiled code
 */
export const writeScript = async (
  syntax: Syntax,
  program: Program,
  precompiled: string,
  folder: string,
): Promise<string> => {
  const isCompiled = program.compiled !== null;
  const code = await driverFor(syntax, isCompiled ? 'compiled.js' : 'transcript.js');
  const path = join(folder, `transcript.${isCompiled ? 'compiled.' : ''}${syntax}.cjs`);
  const run = `var quernPrint = typeof print === 'function' ? print : console.log;
globalThis.quernTranscribe(quernProgram, quernPrecompiled, quernPrint).catch(function (error) {
  quernPrint('FAILED ' + error + '\\n' + (error && error.stack));
});`;
  writeFileSync(
    path,
    `${code}\nvar quernProgram = ${JSON.stringify(program)};\nvar quernPrecompiled = ${precompiled};\n${run}\n`,
  );
  return path;
};
