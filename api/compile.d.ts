// Written by npm run gen:api.

export interface CallProfile {
  readonly modules: readonly {
    readonly sha256: string;
    readonly samples: number;
    readonly functions: Readonly<Record<string, number>>;
  }[];
}

export interface CallProfiler extends JavaScriptCompiler {
  profile(): CallProfile;
}

export interface CompileOptions {
  readonly target?: 'jit' | 'nojit' | undefined;
  readonly schedule?: FuelSchedule | string | undefined;
  readonly profile?: CallProfile | undefined;
}

export interface CompilerOptions {
  readonly threshold?: number | undefined;
  readonly target?: 'jit' | 'nojit' | undefined;
  readonly maxBytes?: number | undefined;
}

export interface JavaScriptCompiler {
  readonly kind: 'compiler';
  takeRefusal(): string | null;
}

export interface PrecompiledModule {
  readonly kind: 'precompiled';
  readonly sha256: string;
  readonly byteLength: number;
  check(schedule: FuelSchedule): void;
}

export const callProfiler: () => CallProfiler;

export const compileToJavaScript: (module: CompiledModule | BytesLike, options?: CompileOptions) => string;

export const compiler: (options?: CompilerOptions) => JavaScriptCompiler;
