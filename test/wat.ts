/**
 * Makes modules of text for tests, the conformance kit and examples, by the reader of the text format. Text that is
 * not a valid module is an error: `assembler.ts` makes those that must not be valid.
 */
import { type FeatureKey, featureTable } from '../src/inspect.ts';
import { parseModule } from '../src/text.ts';
import { decodeModule, validateModule } from '../src/wasm.ts';

const features = new Set(
  (Object.keys(featureTable) as FeatureKey[]).filter((key) => featureTable[key].isExecuted),
);

/** Makes several modules: text by name in, bytes by name out; with a section of names unless told not to. */
export const compileWat = <N extends string>(
  sources: Readonly<Record<N, string>>,
  hasNames = true,
): Record<N, Uint8Array> => {
  const modules = Object.entries<string>(sources).map(([name, text]) => {
    const bytes = parseModule(text, { names: hasNames });
    validateModule(decodeModule(bytes), features);
    return [name, bytes];
  });
  return Object.fromEntries(modules) as Record<N, Uint8Array>;
};

/** Imports of the kernel functions that most test modules need. */
export const kernelImports = `
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "log_error" (func $log_error (param i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
`;

/** A function \`$output_i64\` that makes 8 bytes the output. */
export const outputI64 = `
  (func $output_i64 (param $value i64) (local $at i64)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $at) (local.get $value))
    (call $output_set (local.get $at) (i64.const 8)))
`;
