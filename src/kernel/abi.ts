/**
 * The import namespace `extism:host/env`: every function that a plug-in may import, with its exact type.
 *
 * The one place that defines names, types and fuel of these functions; the kernel, the host, link checks and
 * documentation derive from it. `by` says who implements a row: the kernel (memory and registers, `kernel.ts`) or the
 * host (config, vars, HTTP, logging).
 */
import { I32, I64, type ValType } from '../syntax/types.ts';

/**
 * The namespace of the kernel's functions.
 *
 * ```js
 * console.log(KERNEL_NAMESPACE); // → extism:host/env
 * ```
 */
export const KERNEL_NAMESPACE = 'extism:host/env';
/**
 * The default namespace of functions that an embedder supplies.
 *
 * ```js
 * console.log(USER_NAMESPACE); // → extism:host/user
 * ```
 */
export const USER_NAMESPACE = 'extism:host/user';

/**
 * One function of the ABI.
 *
 * ```ts
 * const rows: Readonly<Record<KernelAbiName, KernelFunctionRow>> = kernelAbi;
 * console.log(rows.alloc.by, rows.alloc.fuel, rows.config_get.by); // → kernel 8 host
 * ```
 */
export interface KernelFunctionRow {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly by: 'kernel' | 'host';
  /** Fuel of a call, on top of the schedule's `hostCall`; paid before it runs. */
  readonly fuel: number;
  /**
   * What adds to the price of a call: `blocks` = one unit per 8 block headers visited (and the schedule's `growPage`
   * per page of growth), `zeroed` = the schedule's price of filling memory, `text` = its price of bytes that cross
   * the host boundary, which count `TEXT_WEIGHT` times, `key` = the same, but only the key or the request is text;
   * both add the price of work on blocks.
   */
  readonly perSize: 'blocks' | 'zeroed' | 'text' | 'key' | null;
  readonly summary: string;
}

/**
 * How often a byte of text counts: keys, configured values, log messages, requests and headers. PERF: 7 ns to decode;
 * a byte that is copied takes a tenth of one.
 */
export const TEXT_WEIGHT = 8;
/** Block headers visited per unit of fuel. */
export const BLOCKS_PER_FUEL_UNIT = 8;

const row = <B extends 'kernel' | 'host'>(
  by: B,
  params: readonly ValType[],
  results: readonly ValType[],
  fuel: number,
  perSize: KernelFunctionRow['perSize'],
  summary: string,
): KernelFunctionRow & { readonly by: B } => ({ by, params, results, fuel, perSize, summary });

/**
 * Every function of the namespace. Key = import name.
 *
 * ```js
 * console.log(kernelAbi.alloc.params.map(valTypeName), kernelAbi.alloc.fuel); // → [ 'i64' ] 8
 * ```
 */
export const kernelAbi = {
  alloc: row('kernel', [I64], [I64], 8, 'blocks', 'Allocates a block; 0 when there is no memory or n is 0.'),
  free: row('kernel', [I64], [], 4, 'blocks', 'Frees a block; anything but a handle is ignored.'),
  length: row('kernel', [I64], [I64], 4, 'blocks', 'Length of a block; 0 for anything but a handle.'),
  length_unsafe: row(
    'kernel',
    [I64],
    [I64],
    0,
    null,
    'Length of a block, reading the header before the address.',
  ),
  load_u8: row('kernel', [I64], [I32], 0, null, 'Reads a byte; 0 out of bounds.'),
  load_u64: row('kernel', [I64], [I64], 0, null, 'Reads 8 bytes, little-endian; 0 out of bounds.'),
  store_u8: row('kernel', [I64, I32], [], 0, null, 'Writes a byte; ignored out of bounds.'),
  store_u64: row('kernel', [I64, I64], [], 0, null, 'Writes 8 bytes, little-endian; ignored out of bounds.'),
  input_length: row('kernel', [], [I64], 0, null, 'Length of the input of this call.'),
  input_offset: row('kernel', [], [I64], 0, null, 'Address of the input; 0 when it is empty.'),
  input_load_u8: row('kernel', [I64], [I32], 0, null, 'Reads a byte of the input; 0 after its end.'),
  input_load_u64: row(
    'kernel',
    [I64],
    [I64],
    0,
    null,
    'Reads 8 bytes of the input; 0 unless all 8 are in it.',
  ),
  input_set: row('kernel', [I64, I64], [], 0, null, 'Makes a range of kernel memory the input.'),
  output_set: row(
    'kernel',
    [I64, I64],
    [],
    0,
    null,
    'Makes a range of kernel memory the output; the last call counts.',
  ),
  output_offset: row('kernel', [], [I64], 0, null, 'Address of the output.'),
  output_length: row('kernel', [], [I64], 0, null, 'Length of the output.'),
  error_set: row('kernel', [I64], [], 0, null, 'Makes a block the error message; 0 clears it.'),
  error_get: row('kernel', [], [I64], 0, null, 'Handle of the error message; 0 without one.'),
  reset: row('kernel', [], [], 8, 'zeroed', 'Frees every block and clears input, output and error.'),
  memory_bytes: row('kernel', [], [I64], 0, null, 'Bytes that the allocator manages.'),
  config_get: row(
    'host',
    [I64],
    [I64],
    8,
    'text',
    'Value of a configuration key in a new block; 0 when unset.',
  ),
  var_get: row('host', [I64], [I64], 8, 'key', 'Value of a variable in a new block; 0 when unset.'),
  var_set: row('host', [I64, I64], [], 8, 'key', 'Stores a variable; a value of 0 deletes it.'),
  http_request: row(
    'host',
    [I64, I64],
    [I64],
    192,
    'key',
    'Sends a request; the body of the response in a new block.',
  ),
  http_status_code: row('host', [], [I32], 0, null, 'Status of the last response; 0 without one.'),
  http_headers: row('host', [], [I64], 8, 'text', 'Headers of the last response as JSON; 0 when disabled.'),
  log_trace: row('host', [I64], [], 8, 'text', 'Logs the text of a block and frees it.'),
  log_debug: row('host', [I64], [], 8, 'text', 'Logs the text of a block and frees it.'),
  log_info: row('host', [I64], [], 8, 'text', 'Logs the text of a block and frees it.'),
  log_warn: row('host', [I64], [], 8, 'text', 'Logs the text of a block and frees it.'),
  log_error: row('host', [I64], [], 8, 'text', 'Logs the text of a block and frees it.'),
  get_log_level: row('host', [], [I32], 0, null, 'The lowest level that is logged, as a number.'),
} as const satisfies Readonly<Record<string, KernelFunctionRow>>;

/**
 * Name of a function of the namespace.
 *
 * Example: see `KernelFunctionRow`.
 */
export type KernelAbiName = keyof typeof kernelAbi;
/**
 * Names of the functions that the kernel itself implements.
 *
 * ```ts
 * const ask = (kernel: Kernel, name: KernelFunctionName, argument: number): number => {
 *   const slots = Int32Array.of(argument, 0);
 *   runKernelFunction(kernel, name, slots);
 *   return slots[0] ?? 0;
 * };
 * const kernel = new Kernel();
 * const handle = ask(kernel, 'alloc', 10);
 * console.log(handle, ask(kernel, 'length', handle)); // → 77 10
 * ```
 */
export type KernelFunctionName = NamesBy<'kernel'>;
/**
 * Names of the functions that the host implements: configuration, variables, HTTP and logs.
 *
 * ```ts
 * const isForHost = (name: KernelAbiName): name is HostFunctionName => kernelAbi[name].by === 'host';
 * const names: HostFunctionName[] = (Object.keys(kernelAbi) as KernelAbiName[]).filter(isForHost);
 * console.log(names.slice(0, 3)); // → [ 'config_get', 'var_get', 'var_set' ]
 * ```
 */
export type HostFunctionName = NamesBy<'host'>;
type NamesBy<B extends 'kernel' | 'host'> = {
  [K in KernelAbiName]: (typeof kernelAbi)[K]['by'] extends B ? K : never;
}[KernelAbiName];
