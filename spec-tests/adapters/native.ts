/**
 * The JavaScript engine's own Wasm as an `Engine`, in a child process, because this process runs without it.
 * That a second, independent engine passes the suite proves the runner.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onLine } from '../../src/cli/conformance/lines.ts';
import {
  type Engine,
  EngineFailure,
  type EngineInstance,
  type EngineModule,
  type FailureKind,
  HostReference,
  type Invocation,
  type RawValue,
  type ReferenceKind,
} from '../../src/scripts/engine.ts';
import { knownFlags } from '../../test/known-flags.ts';
import { spectestModule } from '../spectest-module.ts';
import type { Answer, Request, WireValue } from './native-protocol.ts';

/** Exposes types of exports; the trampolines need them. */
const flags = ['--experimental-wasm-type-reflection', '--experimental-wasm-return-call'];

/** Wordings of V8 for the suite's texts, by prefix. */
const trapTexts: readonly (readonly [v8: RegExp, suite: string])[] = [
  [/^memory access out of bounds|^data segment.*out of bounds/, 'out of bounds memory access'],
  [/^table index is out of bounds/, 'undefined element'],
  [
    /^table access out of bounds|^element segment.*out of bounds|^table .*out of bounds/,
    'out of bounds table access',
  ],
  [/^divide by zero|^remainder by zero/, 'integer divide by zero'],
  [/^divide result unrepresentable/, 'integer overflow'],
  [/^float unrepresentable/, 'integer overflow'],
  [/^null function or function signature mismatch/, 'indirect call type mismatch'],
];

/** Refusals that mean: this version of V8, or this adapter, lacks the feature, or needs a flag for it. */
const lacking =
  /enable with|no trampoline|At most one memory|memory count of|not allowed in constant|non-imported globals|invalid value type 0x40|maximum .*limit|implementation limit/;

class Handle {
  readonly id: number;
  readonly imports: readonly string[];
  constructor(id: number, imports: readonly string[]) {
    this.id = id;
    this.imports = imports;
  }
}
/** A reference that lives in the child. */
class Kept {
  readonly id: number;
  readonly kind: ReferenceKind;
  constructor(id: number, kind: ReferenceKind) {
    this.id = id;
    this.kind = kind;
  }
}

const toWire = (value: RawValue): WireValue => {
  if (value === null) return { null: true };
  if (typeof value === 'bigint') return { bits: value.toString() };
  return value instanceof HostReference
    ? { host: value.id }
    : { kept: (value as Kept).id, kind: (value as Kept).kind === 'func' ? 'func' : 'extern' };
};

/** Starts the child. */
export const nativeEngine = (): Engine => {
  const child = new NativeChild();
  const hosts = new Map<number, HostReference>();

  const fromWire = (value: WireValue): RawValue => {
    if ('bits' in value) return BigInt(value.bits);
    if ('host' in value) return hosts.get(value.host) ?? new HostReference(value.host);
    return 'kept' in value ? new Kept(value.kept, value.kind) : null;
  };
  const compile = async (bytes: Uint8Array): Promise<Handle> => {
    const reply = await child.ask({ op: 'compile', bytes: Buffer.from(bytes).toString('base64') });
    return 'id' in reply ? new Handle(reply.id, reply.imports ?? []) : unexpected();
  };
  const instantiate = async (
    module: EngineModule,
    registered: ReadonlyMap<string, EngineInstance>,
  ): Promise<Handle> => {
    const ids = Object.fromEntries(
      [...registered].map(([name, instance]) => [name, (instance as Handle).id]),
    );
    const reply = await child.ask({ op: 'instantiate', module: (module as Handle).id, registered: ids });
    return 'id' in reply ? new Handle(reply.id, []) : unexpected();
  };
  const values = (reply: Answer): RawValue[] =>
    'values' in reply ? reply.values.map(fromWire) : unexpected();

  return {
    name: 'native',
    traits: { suiteTexts: false, phases: false, everyFeature: false },
    async startScript() {
      hosts.clear();
      await child.ask({ op: 'start' });
      return instantiate(await compile(spectestModule), new Map());
    },
    compile,
    importedModules: (module) => (module as Handle).imports,
    instantiate,
    async invoke(instance, name, args): Promise<Invocation> {
      for (const arg of args) if (arg instanceof HostReference) hosts.set(arg.id, arg);
      const request: Request = {
        op: 'invoke',
        instance: (instance as Handle).id,
        name,
        args: args.map(toWire),
      };
      return { values: values(await child.ask(request)), fuel: null, trace: null };
    },
    async get(instance, name) {
      return values(await child.ask({ op: 'get', instance: (instance as Handle).id, name }))[0] ?? null;
    },
    kindOf: (reference) => (reference instanceof Kept ? reference.kind : null),
    close: () => child.close(),
  };
};

const unexpected = (): never => {
  throw new Error('the native child returned an answer of another kind');
};

/** The pipe: requests are answered in order. */
class NativeChild {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting: ((line: string | null) => void)[] = [];

  constructor() {
    const script = fileURLToPath(new URL('./native-child.js', import.meta.url));
    // NODE_OPTIONS of this process may disable Wasm; the child must have it.
    this.process = spawn(process.execPath, [...knownFlags(flags), script], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.process.stderr.pipe(process.stderr);
    onLine(this.process.stdout, (line) => this.waiting.shift()?.(line));
    this.process.on('exit', () => {
      for (const resolve of this.waiting.splice(0)) resolve(null);
    });
  }

  async ask(request: Request): Promise<Answer> {
    const line = await new Promise<string | null>((resolve) => {
      this.waiting.push(resolve);
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
    if (line === null) throw new EngineFailure('crash', 'the native child ended');
    const reply = JSON.parse(line) as Answer;
    if (!('failure' in reply)) return reply;
    if (reply.failure === 'rejected' && lacking.test(reply.text)) {
      throw new EngineFailure('unsupported', reply.text, {
        feature: 'missing in this version of V8, or in its adapter',
      });
    }
    const text = trapTexts.find(([v8]) => v8.test(reply.text))?.[1] ?? reply.text;
    throw new EngineFailure(reply.failure as FailureKind, text);
  }

  close(): void {
    this.process.stdin.end();
  }
}
