// Written by npm run gen:api.

export interface CompilerOptions {
  readonly threshold?: number | undefined;
  readonly target?: 'jit' | 'nojit' | undefined;
  readonly maxBytes?: number | undefined;
}

export interface JavaScriptCompiler {
  readonly kind: 'compiler';
  takeRefusal(): string | null;
}

export const compiler: (options?: CompilerOptions) => JavaScriptCompiler;
