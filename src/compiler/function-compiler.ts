/** One compiler: its options, what it has generated for each unit, and whether the host allows it. */
import { checkWholeNumber } from '../errors/arguments.ts';
import type { CodeUnit, FuncCode, JavaScriptCompiler } from '../interpreter/code/compiled-module.ts';
import { makeScope } from './function-constructor.ts';
import { type Pace, withJit, withoutJit } from './pace.ts';
import { CodeProvider } from './provider.ts';
import { type CutSizes, makeTarget, type Target } from './target.ts';
import { CompiledUnit } from './unit.ts';

/**
 * Options of `compiler`.
 *
 * ```ts
 * const options: CompilerOptions = { threshold: 0, maxBytes: 1_000_000 };
 * const eager: JavaScriptCompiler = compiler(options);
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: eager });
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export interface CompilerOptions {
  /**
   * How many samples must find a function running before it is compiled: the interpreter samples every 200,000 units
   * of fuel. A large function needs as many again for every 32 bytes, with `nojit` for every 4,096. 0 compiles
   * everything before its first call. When functions are compiled together: see `docs/compiling.md`. Default: 4, with
   * `nojit` 1.
   */
  readonly threshold?: number | undefined;
  /**
   * What runs the JavaScript: `jit` for hosts that compile it, `nojit` for those that interpret it, such as QuickJS or
   * `node --jitless`. Both are correct everywhere, but slower on the other kind of host. Default: `jit`.
   */
  readonly target?: 'jit' | 'nojit' | undefined;
  /** Most characters of JavaScript for one module. Default: 64 Mi. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 2 ** 26;

export class Compiler extends CodeProvider implements JavaScriptCompiler {
  readonly kind = 'compiler';
  override readonly pace: Pace;
  readonly threshold: number;
  readonly chance: (() => boolean) | null;
  private readonly maxBytes: number;
  private readonly target: Target;
  private readonly units = new WeakMap<CodeUnit, CompiledUnit>();
  /** Whether the host forbids code from text; null before it was tried. */
  private isRefused: boolean | null = null;
  private hasToldRefusal = false;

  constructor(options: CompilerOptions, hasJit: boolean, chance: (() => boolean) | null, sizes: CutSizes) {
    super();
    this.pace = hasJit ? withJit : withoutJit;
    this.threshold = checkWholeNumber(options.threshold ?? this.pace.threshold, 'threshold');
    this.maxBytes = checkWholeNumber(options.maxBytes ?? DEFAULT_MAX_BYTES, 'maxBytes');
    this.chance = chance;
    this.target = makeTarget(hasJit, { chance, sizes });
  }

  unitOf(unit: CodeUnit): CompiledUnit {
    let compiled = this.units.get(unit);
    if (compiled === undefined) this.units.set(unit, (compiled = new CompiledUnit(unit, this.target)));
    return compiled;
  }

  mayCompile({ unit }: FuncCode): boolean {
    return !this.isRefused && this.unitOf(unit).textLength < this.maxBytes;
  }

  /** Whether the host makes functions from text. */
  get isAllowed(): boolean {
    if (this.isRefused === null) {
      try {
        makeScope('return 0');
        this.isRefused = false;
      } catch {
        this.isRefused = true;
      }
    }
    return !this.isRefused;
  }

  takeRefusal(): string | null {
    if (this.hasToldRefusal || this.isAllowed) return null;
    this.hasToldRefusal = true;
    return 'this host refuses code from text, so nothing is compiled: the interpreter runs everything';
  }
}
