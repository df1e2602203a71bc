/**
 * Runs a classic script inside Node, where it sees little of Node: `node guests.js KIND PACKAGE-FILE SCRIPT`. Its
 * output goes to standard output.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [kind, packageFile, scriptFile] = process.argv.slice(2);
const script = readFileSync(scriptFile!, 'utf8');
const print = (line: unknown): void => console.log(String(line));

interface EdgeModule {
  readonly EdgeVM: new (
    options: object,
  ) => { readonly context: { print: unknown }; evaluate(code: string): unknown };
}
interface IsolateModule {
  readonly Isolate: new (options: {
    memoryLimit: number;
  }) => {
    createContext(): Promise<{
      readonly global: { set(name: string, value: unknown): Promise<void> };
      eval(code: string): Promise<unknown>;
    }>;
  };
  readonly Callback: new (code: (line: string) => void) => unknown;
}
declare const lockdown: () => void;
declare const Compartment: new (globals: object) => { evaluate(code: string): unknown };

/** TABLE: kinds of guests. */
const kinds: Readonly<Record<string, () => Promise<void>>> = {
  /** The runtime of Vercel's edge, without code from text and without Wasm. */
  edge: async () => {
    const { EdgeVM } = require(packageFile!) as EdgeModule;
    const vm = new EdgeVM({ codeGeneration: { strings: false, wasm: false } });
    vm.context.print = print;
    vm.evaluate(script);
  },
  /** An isolate of V8 with only the language. */
  isolate: async () => {
    const { Isolate, Callback } = require(packageFile!) as IsolateModule;
    const context = await new Isolate({ memoryLimit: 1024 }).createContext();
    await context.global.set('print', new Callback(print));
    await context.eval(script);
  },
  /** A compartment of Hardened JavaScript. */
  compartment: async () => {
    require(packageFile!);
    lockdown();
    new Compartment({ globals: { print, Float32Array, Float64Array, Date }, __options__: true }).evaluate(
      script,
    );
  },
};

await kinds[kind!]!();
