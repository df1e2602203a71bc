/** The child process that plays scenarios on the JavaScript engine's own Wasm. */
import { answerLines } from './line-process.ts';
import { NativeBackend, native, switchOn } from './native-backend.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/** What comes in: a module to try, and a scenario to play on it. */
export interface NativeQuestion {
  /** Base64. */
  readonly bytes: string;
  /** Null if it is only asked whether the module is valid. */
  readonly scenario: (Omit<Scenario, 'bytes'> & { readonly bytes: null }) | null;
}
/** What goes out. */
export interface NativeAnswer {
  /** Why the module is not accepted. */
  readonly rejection: string | null;
  readonly lines: readonly string[];
}

switchOn(['return-call', 'exnref']);

await answerLines(({ bytes: text, scenario }: NativeQuestion): NativeAnswer => {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  let module: object;
  try {
    module = new native.Module(bytes);
  } catch (error) {
    if (!(error instanceof native.CompileError)) throw error;
    return { rejection: error.message, lines: [] };
  }
  if (scenario === null) return { rejection: null, lines: [] };
  const whole = { ...scenario, bytes };
  return { rejection: null, lines: runScenario(whole, new NativeBackend(whole, module)) };
});
