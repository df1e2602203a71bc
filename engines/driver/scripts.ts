/** Scripts of the official suite by the suite's own runner: one line for each command, with results and fuel. */

import { readScript } from '../../spec-tests/json-script.ts';
import { type Engine, EngineFailure, type Invocation } from '../../src/scripts/engine.ts';
import { quernEngine } from '../../src/scripts/quern-engine.ts';
import { runScript } from '../../src/scripts/runner.ts';
import { rawText } from '../../src/scripts/values.ts';
import { defaultFeatures, type FeatureKey } from '../../src/syntax/features.ts';
import type { ScriptProgram } from '../program.ts';
import { bytesOf } from './plugins.ts';

/** An engine that records the result of each call. */
const noting = (engine: Engine, notes: string[]): Engine => ({
  ...engine,
  invoke: async (instance, name, args): Promise<Invocation> => {
    try {
      const invocation = await engine.invoke(instance, name, args);
      notes.push(`${name} [${invocation.values.map(rawText).join()}] fuel ${invocation.fuel}`);
      return invocation;
    } catch (error) {
      if (error instanceof EngineFailure) notes.push(`${name} ${error.kind} fuel ${error.fuel}`);
      throw error;
    }
  },
});

/** Steps of promises that a thread takes from the end of a call to its next one, and many more. */
const STEPS = 200;
/** Lets everything continue that waits only for promises. Shells have no common timers. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < STEPS; i++) await null;
};

/**
 * Runs a script. Its lines are printed in the order of the source: threads take turns by steps of promises, and one
 * engine takes more of them than another for the same `await`.
 */
export const transcribeScript = async (
  program: ScriptProgram,
  print: (line: string) => void,
): Promise<void> => {
  const notes: string[] = [];
  const printed: { readonly line: number; readonly text: string }[] = [];
  const engine = noting(quernEngine({ careful: false, unitFuel: false }), notes);
  const script = readScript(program.json, bytesOf(program.bytes), program.name);
  await runScript(script, engine, {
    features: new Set([...defaultFeatures, ...(program.features as FeatureKey[])]),
    settle,
    exceptions: new Map(program.excused.map((line) => [line, 'excused'])),
    afterCommand: ({ line, type }, outcome) => {
      const failure = outcome.status === 'failed' ? ` ${outcome.message}` : '';
      const text = `${program.name}:${line} ${type} | ${outcome.status}${failure} | ${notes.splice(0).join('; ')}`;
      printed.push({ line, text });
    },
  });
  for (const { text } of printed.sort((a, b) => a.line - b.line)) print(text);
};
