/**
 * Compiles modules in text form for tests, the conformance kit and examples. Text that is not a valid module is an
 * error: `assembler.ts` makes those that must not be valid, and those of proposals.
 *
 * The assembler is itself a Wasm module, so it runs in a process of its own, without the flags that take Wasm away
 * from the tests.
 */
import { execFileSync } from 'node:child_process';
import { root } from './shared.ts';

const script = `
  import wabtInit from 'wabt';
  const wabt = await wabtInit();
  let json = '';
  for await (const chunk of process.stdin) json += chunk;
  const { sources, hasNames } = JSON.parse(json);
  process.on('uncaughtException', (error) => {
    // Without the source line, which for this package is half a megabyte.
    process.stderr.write(error.message);
    process.exit(1);
  });
  const features = { multi_value: true, threads: true };
  const modules = Object.entries(sources).map(([name, text]) => {
    const module = wabt.parseWat(name, text, features);
    module.validate(features);
    return [name, Buffer.from(module.toBinary({ write_debug_names: hasNames }).buffer).toString('base64')];
  });
  process.stdout.write(JSON.stringify(Object.fromEntries(modules)));
`;

/** Compiles several modules at once: text by name in, bytes by name out; with a section of names unless told not to. */
export const compileWat = <N extends string>(
  sources: Readonly<Record<N, string>>,
  hasNames = true,
): Record<N, Uint8Array> => {
  const json = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    input: JSON.stringify({ sources, hasNames }),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const entries = Object.entries(JSON.parse(json) as Record<string, string>);
  return Object.fromEntries(
    entries.map(([name, data]) => [name, new Uint8Array(Buffer.from(data, 'base64'))]),
  ) as Record<N, Uint8Array>;
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
