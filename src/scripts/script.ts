/** Scripts of the official suite as typed commands. Everything here can be sent to a worker. */

/** A module of a script. */
export interface ModuleSource {
  /** The module; null if there is only its text. */
  readonly bytes: Uint8Array | null;
  /** Text that is quoted, or that is not a module; null if it is unknown. */
  readonly text: Uint8Array | null;
}

/** A constant: a number by type and unsigned bits, a vector by lanes, or a reference. */
export type ScriptValue =
  | { readonly type: 'i32' | 'i64' | 'f32' | 'f64'; readonly bits: bigint }
  | { readonly type: 'f32' | 'f64'; readonly nan: 'canonical' | 'arithmetic' }
  | { readonly type: 'v128'; readonly lanes: readonly ScriptValue[]; readonly laneBits: number }
  | { readonly type: 'null'; readonly of: string }
  | { readonly type: 'host'; readonly of: string; readonly id: number }
  | { readonly type: 'some'; readonly of: string }
  | { readonly type: 'either'; readonly values: readonly ScriptValue[] };

export interface Action {
  readonly type: 'invoke' | 'get';
  /** Name of the instance; null = the last one. */
  readonly module: string | null;
  readonly field: string;
  readonly args: readonly ScriptValue[];
}

/** Assertions about a module, by what must be wrong with it. */
export type ModuleAssertion =
  | 'assert_malformed'
  | 'assert_invalid'
  | 'assert_unlinkable'
  | 'assert_uninstantiable'
  | 'assert_malformed_custom'
  | 'assert_invalid_custom';

export type Command = { readonly line: number } & (
  | {
      readonly type: 'module' | 'module_definition';
      readonly name: string | null;
      readonly source: ModuleSource;
    }
  | { readonly type: 'module_instance'; readonly instance: string | null; readonly module: string | null }
  | { readonly type: 'register'; readonly as: string; readonly name: string | null }
  | { readonly type: 'action'; readonly action: Action }
  | { readonly type: 'assert_return'; readonly action: Action; readonly expected: readonly ScriptValue[] }
  | { readonly type: 'assert_trap' | 'assert_exhaustion'; readonly action: Action; readonly text: string }
  | { readonly type: 'assert_exception'; readonly action: Action }
  | { readonly type: ModuleAssertion; readonly source: ModuleSource; readonly text: string }
  | {
      readonly type: 'thread';
      readonly name: string;
      /** The one outer instance that the thread sees. */
      readonly sharedModule: string | null;
      readonly commands: readonly Command[];
    }
  | { readonly type: 'wait'; readonly thread: string }
  | { readonly type: 'unknown'; readonly what: string }
);

export interface Script {
  /** Path of the script inside the suite, without extension, e.g. `core/linking`. */
  readonly name: string;
  /** Name of the text file, for `file:line`. */
  readonly sourceName: string;
  readonly commands: readonly Command[];
}
