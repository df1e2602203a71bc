/**
 * The table of everything that can go wrong: stable code → class, text and advice.
 *
 * Codes are covered by semantic versioning, texts are not. Where the official test suite has a text for an error, the
 * row has the same text, so that a runner can compare prefixes. `docs/errors.md` is generated from this table.
 */

/**
 * The class of an error; one class per phase, see `errors.ts`.
 *
 * Example: see `ErrorRow`.
 */
export type ErrorClass =
  | 'MalformedError'
  | 'InvalidError'
  | 'UnsupportedError'
  | 'LimitError'
  | 'UnlinkableError'
  | 'TrapError'
  | 'ExhaustionError'
  | 'ThrownException'
  | 'HostError'
  | 'ExitError'
  | 'PluginError'
  | 'ManifestError'
  | 'UsageError'
  | 'InterruptedError'
  | 'SnapshotError'
  | 'ReplayError'
  | 'JobError'
  | 'InternalError';

/**
 * One row: the class, the text (a prefix of the message), and what a person can do about it.
 *
 * ```ts
 * const rows: readonly ErrorRow[] = Object.values(catalogue);
 * const ofClass = (wanted: ErrorClass): ErrorRow[] => rows.filter((row) => row.class === wanted);
 * console.log(ofClass('ExitError').map(({ text }) => text)); // → [ 'exited' ]
 * ```
 */
export interface ErrorRow {
  readonly class: ErrorClass;
  readonly text: string;
  readonly advice: string;
}

const row = <C extends ErrorClass>(
  cls: C,
  text: string,
  advice: string,
): ErrorRow & { readonly class: C } => ({
  class: cls,
  text,
  advice,
});

const damaged = 'Build or download the file again: it is damaged, or it is not a WebAssembly module.';
const compilerBug =
  'Report it to the authors of the compiler that produced the module, and attach the module.';
const guestBug = 'Correct the plug-in at the place that the backtrace shows.';

/**
 * Every error code, in order of the phases. Key = code.
 *
 * ```js
 * console.log(catalogue['trap.unreachable'].text); // → unreachable
 * ```
 */
export const catalogue = {
  // Binary format
  'malformed.magic': row('MalformedError', 'magic header not detected', damaged),
  'malformed.version': row('MalformedError', 'unknown binary version', damaged),
  'malformed.component': row(
    'MalformedError',
    'unknown binary version',
    'Build a core module, not a component: Rust for wasm32-wasip1 or wasm32-unknown-unknown instead of wasm32-wasip2, without wit-bindgen or cargo-component.',
  ),
  'malformed.end': row('MalformedError', 'unexpected end', damaged),
  'malformed.length': row('MalformedError', 'length out of bounds', damaged),
  'malformed.section-id': row('MalformedError', 'malformed section id', damaged),
  'malformed.section-order': row('MalformedError', 'unexpected content after last section', damaged),
  'malformed.section-size': row('MalformedError', 'section size mismatch', damaged),
  'malformed.section-overrun': row('MalformedError', 'unexpected end of section or function', damaged),
  'malformed.code-count': row(
    'MalformedError',
    'function and code section have inconsistent lengths',
    damaged,
  ),
  'malformed.data-count': row(
    'MalformedError',
    'data count and data section have inconsistent lengths',
    damaged,
  ),
  'malformed.data-count-required': row('MalformedError', 'data count section required', damaged),
  'malformed.integer-long': row('MalformedError', 'integer representation too long', damaged),
  'malformed.integer-large': row('MalformedError', 'integer too large', damaged),
  'malformed.utf8': row('MalformedError', 'malformed UTF-8 encoding', damaged),
  'malformed.opcode': row('MalformedError', 'illegal opcode', damaged),
  'malformed.end-opcode': row('MalformedError', 'END opcode expected', damaged),
  'malformed.locals': row('MalformedError', 'too many locals', damaged),
  'malformed.type': row('MalformedError', 'malformed value type', damaged),
  'malformed.storage-type': row('MalformedError', 'malformed storage type', damaged),
  'malformed.reference-type': row('MalformedError', 'malformed reference type', damaged),
  'malformed.type-form': row('MalformedError', 'malformed definition type', damaged),
  'malformed.limits': row('MalformedError', 'malformed limits flags', damaged),
  'malformed.page-size': row('MalformedError', 'invalid custom page size', damaged),
  'malformed.memop': row('MalformedError', 'malformed memop flags', damaged),
  'malformed.mutability': row('MalformedError', 'malformed mutability', damaged),
  'malformed.import-kind': row('MalformedError', 'malformed import kind', damaged),
  'malformed.export-kind': row('MalformedError', 'malformed export kind', damaged),
  'malformed.element-kind': row('MalformedError', 'malformed element kind', damaged),
  'malformed.element-flags': row('MalformedError', 'malformed elements segment kind', damaged),
  'malformed.data-flags': row('MalformedError', 'malformed data segment kind', damaged),
  'malformed.zero-byte': row('MalformedError', 'zero byte expected', damaged),
  'malformed.catch': row('MalformedError', 'malformed catch clause', damaged),
  'malformed.cast': row('MalformedError', 'malformed br_on_cast flags', damaged),
  'malformed.branch-hint': row('MalformedError', '@metadata.code.branch_hint section', damaged),
  'malformed.tag-attribute': row('MalformedError', 'malformed tag attribute', damaged),

  // Text format: the most frequent text; each message begins with the text that the official suite has for the fault
  'malformed.text': row(
    'MalformedError',
    'unexpected token',
    'Correct the text at the line and column that the error names.',
  ),

  // Validation
  'invalid.type': row('InvalidError', 'type mismatch', compilerBug),
  'invalid.unknown-type': row('InvalidError', 'unknown type', compilerBug),
  'invalid.unknown-function': row('InvalidError', 'unknown function', compilerBug),
  'invalid.unknown-table': row('InvalidError', 'unknown table', compilerBug),
  'invalid.unknown-memory': row('InvalidError', 'unknown memory', compilerBug),
  'invalid.unknown-global': row('InvalidError', 'unknown global', compilerBug),
  'invalid.unknown-tag': row('InvalidError', 'unknown tag', compilerBug),
  'invalid.unknown-local': row('InvalidError', 'unknown local', compilerBug),
  'invalid.unknown-label': row('InvalidError', 'unknown label', compilerBug),
  'invalid.rethrow-label': row('InvalidError', 'invalid rethrow label', compilerBug),
  'invalid.unknown-element': row('InvalidError', 'unknown elem segment', compilerBug),
  'invalid.unknown-data': row('InvalidError', 'unknown data segment', compilerBug),
  'invalid.unknown-field': row('InvalidError', 'unknown field', compilerBug),
  'invalid.alignment': row('InvalidError', 'alignment must not be larger than natural', compilerBug),
  'invalid.atomic-alignment': row('InvalidError', 'atomic alignment must be natural', compilerBug),
  'invalid.offset': row('InvalidError', 'offset out of range', compilerBug),
  'invalid.immutable-global': row('InvalidError', 'immutable global', compilerBug),
  'invalid.immutable-field': row('InvalidError', 'immutable field', compilerBug),
  'invalid.immutable-array': row('InvalidError', 'immutable array', compilerBug),
  'invalid.constant': row('InvalidError', 'constant expression required', compilerBug),
  'invalid.declaration': row('InvalidError', 'undeclared function reference', compilerBug),
  'invalid.duplicate-export': row('InvalidError', 'duplicate export name', compilerBug),
  'invalid.start': row('InvalidError', 'start function', compilerBug),
  'invalid.result-arity': row('InvalidError', 'invalid result arity', compilerBug),
  'invalid.memory-size': row('InvalidError', 'memory size', compilerBug),
  'invalid.table-size': row('InvalidError', 'table size', compilerBug),
  'invalid.limits': row('InvalidError', 'size minimum must not be greater than maximum', compilerBug),
  'invalid.lane': row('InvalidError', 'invalid lane index', compilerBug),
  'invalid.local-uninitialised': row('InvalidError', 'uninitialized local', compilerBug),
  'invalid.sub-type': row('InvalidError', 'sub type', compilerBug),
  'invalid.tag-result': row('InvalidError', 'non-empty tag result type', compilerBug),
  'invalid.not-packed': row('InvalidError', 'field is not packed', compilerBug),
  'invalid.packed': row('InvalidError', 'field is packed', compilerBug),
  'invalid.not-defaultable': row('InvalidError', 'field type is not defaultable', compilerBug),
  'invalid.array-type': row('InvalidError', 'array type is not numeric or vector', compilerBug),
  'invalid.array-mismatch': row('InvalidError', 'array types do not match', compilerBug),
  'invalid.shared-maximum': row('InvalidError', 'shared memory must have maximum', compilerBug),
  'invalid.page-size': row('InvalidError', 'invalid custom page size', compilerBug),
  'invalid.descriptor-group': row('InvalidError', 'descriptor type is outside rec group', compilerBug),
  'invalid.described-group': row('InvalidError', 'described type is outside rec group', compilerBug),
  'invalid.described-order': row('InvalidError', 'forward use of described type', compilerBug),
  'invalid.not-described': row('InvalidError', 'type is not described by its descriptor', compilerBug),
  'invalid.not-descriptor': row('InvalidError', 'described type is not described by descriptor', compilerBug),
  'invalid.descriptor-kind': row('InvalidError', 'descriptor type must be a struct', compilerBug),
  'invalid.described-kind': row('InvalidError', 'described type must be a struct', compilerBug),
  'invalid.descriptor': row('InvalidError', 'descriptor type', compilerBug),
  'invalid.described': row('InvalidError', 'described type', compilerBug),
  'invalid.descriptor-required': row(
    'InvalidError',
    'type with descriptor requires descriptor allocation',
    compilerBug,
  ),
  'invalid.descriptor-refused': row(
    'InvalidError',
    'type without descriptor requires non-descriptor allocation',
    compilerBug,
  ),
  'invalid.no-descriptor': row('InvalidError', 'type without descriptor', compilerBug),

  'invalid.branch-hint': row(
    'InvalidError',
    '@metadata.code.branch_hint annotation: invalid target',
    compilerBug,
  ),

  // Valid, but not supported by this engine (yet) or with these options
  'unsupported.feature': row(
    'UnsupportedError',
    'feature is not supported',
    'Enable the feature if it is off (option features; on the command line --feature), or build the module without it.',
  ),
  'unsupported.agents': row(
    'UnsupportedError',
    'the host cannot share memories between workers',
    'Omit sharing: "workers" and let a Scheduler run the threads, or isolate the page (COOP and COEP).',
  ),
  'limit.module': row(
    'LimitError',
    'implementation limit exceeded',
    'Build a smaller module; docs/limits.md lists the limits.',
  ),
  'limit.memory': row(
    'LimitError',
    'memory is larger than this engine or its options allow',
    'Raise the memory limit, or build the module with a smaller initial memory.',
  ),
  'limit.table': row(
    'LimitError',
    'table is larger than this engine or its options allow',
    'Raise the table limit, or build the module with a smaller initial table.',
  ),

  // Linking
  'unlinkable.unknown-import': row(
    'UnlinkableError',
    'unknown import',
    'Provide the import: link the module that exports it (an item of the manifest; on the command line --link), or pass a host function of that name (option functions).',
  ),
  'unlinkable.incompatible-import': row(
    'UnlinkableError',
    'incompatible import type',
    'Provide an import of the type that the module declares.',
  ),

  // Traps
  'trap.unreachable': row('TrapError', 'unreachable', guestBug),
  'trap.divide-by-zero': row('TrapError', 'integer divide by zero', guestBug),
  'trap.integer-overflow': row('TrapError', 'integer overflow', guestBug),
  'trap.invalid-conversion': row('TrapError', 'invalid conversion to integer', guestBug),
  'trap.memory-bounds': row('TrapError', 'out of bounds memory access', guestBug),
  'trap.table-bounds': row('TrapError', 'out of bounds table access', guestBug),
  'trap.undefined-element': row('TrapError', 'undefined element', guestBug),
  'trap.uninitialised-element': row('TrapError', 'uninitialized element', guestBug),
  'trap.indirect-call-type': row('TrapError', 'indirect call type mismatch', guestBug),
  'trap.null-reference': row('TrapError', 'null reference', guestBug),
  'trap.null-function': row('TrapError', 'null function reference', guestBug),
  'trap.null-structure': row('TrapError', 'null structure reference', guestBug),
  'trap.null-array': row('TrapError', 'null array reference', guestBug),
  'trap.null-i31': row('TrapError', 'null i31 reference', guestBug),
  'trap.null-exception': row('TrapError', 'null exception reference', guestBug),
  'trap.null-descriptor': row('TrapError', 'null descriptor reference', guestBug),
  'trap.array-bounds': row('TrapError', 'out of bounds array access', guestBug),
  'trap.cast': row('TrapError', 'cast failure', guestBug),
  'trap.string-bounds': row('TrapError', 'out of bounds string access', guestBug),
  'trap.code-point': row('TrapError', 'invalid code point', guestBug),
  'trap.descriptor-cast': row('TrapError', 'descriptor cast failure', guestBug),
  'trap.unaligned-atomic': row('TrapError', 'unaligned atomic', guestBug),
  'trap.expected-shared': row('TrapError', 'expected shared memory', guestBug),
  'trap.deadlock': row(
    'TrapError',
    'endless wait',
    'Make sure that another thread sends the notify: here every thread waits, and a single call has no other threads to wait for.',
  ),
  'trap.allocation-size': row('TrapError', 'allocation size too large', guestBug),

  // Budgets
  'exhaustion.call-stack': row(
    'ExhaustionError',
    'call stack exhausted',
    'Raise maxCallDepth or maxStackSlots if the plug-in is meant to recurse so deeply; otherwise correct its recursion.',
  ),
  'exhaustion.code': row(
    'ExhaustionError',
    'internal code of a function too large',
    'Split the function that was called: its internal code is far larger than its bytes; see docs/limits.md.',
  ),
  'exhaustion.fuel': row(
    'ExhaustionError',
    'out of fuel',
    'Raise the fuel limit. A call that was begun with startCall can also resume with more fuel.',
  ),
  'exhaustion.heap': row(
    'ExhaustionError',
    'heap exhausted',
    'Raise maxHeapBytes, or let the plug-in do less in one call: what it drops still counts until the call ends.',
  ),
  'exhaustion.memory': row(
    'ExhaustionError',
    'out of memory',
    'Raise the memory limit, or let the plug-in use less memory.',
  ),
  'exhaustion.pool': row(
    'ExhaustionError',
    'too many calls in the queue of the pool',
    'Send calls more slowly, or raise maxInstances or maxWaiting.',
  ),

  'exhaustion.queue': row(
    'ExhaustionError',
    'too many calls in the queue of the plug-in',
    'Send calls more slowly, or use a pool of instances.',
  ),

  // The embedder's side
  'exception.uncaught': row('ThrownException', 'uncaught exception', guestBug),
  'host.threw': row(
    'HostError',
    'host function failed',
    'Correct the host function or what it depends on; the cause of the error is what it threw.',
  ),
  'host.value': row(
    'HostError',
    'host function returned a value of the wrong type',
    'Return a value of the type that the import declares.',
  ),
  'host.thread': row(
    'HostError',
    'the thread of the call ended',
    'Correct the cause, such as a host function that ended the process or threw later, or a thread without memory; the call may have done part of its work.',
  ),
  'host.http-refused': row(
    'HostError',
    'Call error',
    'Add the host to allowedHosts if the plug-in is meant to reach it.',
  ),
  'host.http-limit': row(
    'HostError',
    'HTTP response exceeds the configured maximum number of bytes',
    'Raise memory.maxHttpResponseBytes.',
  ),
  'host.http-redirect': row(
    'HostError',
    'HTTP redirect cannot be checked',
    'Use the URL that it redirects to, or allow every host ("*"): browsers do not reveal the target of a redirect.',
  ),
  'host.http-failed': row(
    'HostError',
    'HTTP request failed',
    'Check the step that the message names: the request of the plug-in, the connection, or the response.',
  ),
  'exit.code': row(
    'ExitError',
    'exited',
    'Look up details.exitCode in the documentation of the program: it called proc_exit; its output may say why.',
  ),
  'plugin.error': row(
    'PluginError',
    'Plugin-originated error',
    'Read the message, which comes from the plug-in, and correct what it complains about.',
  ),
  'plugin.return-code': row(
    'PluginError',
    'Returned non-zero exit code',
    'Look up the return code (details.returnCode) in the documentation of the plug-in.',
  ),
  'plugin.function': row(
    'PluginError',
    'Plugin error',
    'Call a function that the plug-in exports; quern inspect lists them.',
  ),
  'manifest.shape': row('ManifestError', 'bad manifest', 'See docs/manifest.md for the shape of a manifest.'),
  'manifest.hash': row(
    'ManifestError',
    'hash mismatch',
    'Download the file again, or correct the hash: the file is not the one that the manifest names.',
  ),
  'manifest.source': row(
    'ManifestError',
    'cannot read the plug-in',
    'Check the path or URL and its permissions.',
  ),
  'usage.argument': row(
    'UsageError',
    'bad argument',
    'Correct the argument or option that the message names; the message says what it may be.',
  ),
  'usage.precompiled': row(
    'UsageError',
    'precompiled code does not match',
    'Write the file again with `quern compile`: from the same module, for the schedule in use, with the version of Quern that runs it.',
  ),
  'usage.schedule': row(
    'UsageError',
    'bad fuel schedule',
    'Correct the schedule; docs/metering.md says what it must contain.',
  ),
  'usage.state': row(
    'UsageError',
    'not possible in this state',
    'Wait for the running call to end, make a new object instead of using a closed one, or set the option that the message names.',
  ),
  'interrupted.timeout': row(
    'InterruptedError',
    'EXTISM: call canceled due to timeout',
    'Raise timeoutMs, or let the call do less.',
  ),
  'interrupted.instantiation': row(
    'InterruptedError',
    'EXTISM: timed out while waiting for plugin to instantiate',
    'Raise timeoutMs; it includes the initialisation of a plug-in.',
  ),
  'interrupted.cancelled': row(
    'InterruptedError',
    'call cancelled',
    'Call again if this was not intended: the host cancelled the call.',
  ),
  'snapshot.corrupt': row(
    'SnapshotError',
    'snapshot is damaged',
    'Pass the bytes exactly as `snapshot` returned them, or take a new snapshot.',
  ),
  'snapshot.truncated': row(
    'SnapshotError',
    'snapshot is incomplete',
    'Store and send the whole snapshot; its end is missing.',
  ),
  'snapshot.version': row(
    'SnapshotError',
    'snapshot has another format version',
    'Restore it with the version of Quern that made it, or take a new one.',
  ),
  'snapshot.foreign': row(
    'SnapshotError',
    'snapshot was taken of something else',
    'Restore it with the same modules, linked in the same way, under the same fuel schedule and features.',
  ),
  'snapshot.unsupported': row(
    'SnapshotError',
    'state cannot be stored',
    'Pass an encoder for host values, or take the snapshot at another time; the detail names what cannot be written as bytes.',
  ),
  'replay.log': row(
    'ReplayError',
    'bad recording',
    'Use the recording exactly as it was written; it must not be edited.',
  ),
  'replay.module': row(
    'ReplayError',
    'recorded with other modules',
    'Replay with the modules of the recording.',
  ),
  'replay.diverged': row(
    'ReplayError',
    'the replay differs from the recording',
    'Replay the same call with the version that recorded it; the expected and the actual event show where they differ.',
  ),
  'replay.receipt': row(
    'ReplayError',
    'the receipt is wrong',
    'Do not trust the result; the detail names the field that differs.',
  ),
  'job.module': row(
    'JobError',
    'a module of the job is not here',
    'Pass the module whose SHA-256 the message names; the job is unchanged.',
  ),
  'job.damaged': row(
    'JobError',
    'the job is damaged',
    'Continue from the last complete state of the job; the detail names the damaged part.',
  ),
  'job.store': row(
    'JobError',
    'the job could not be stored',
    'Correct the cause, then advance the job again as it is stored: an answer that was not stored is asked for again.',
  ),
  'job.receipt': row(
    'JobError',
    'the receipts of the job are wrong',
    'Do not trust the result; the detail names the slice and the field that differ.',
  ),
  'internal.bug': row('InternalError', 'internal error', 'Report this bug in Quern, and attach the module.'),
} as const satisfies Record<string, ErrorRow>;

/**
 * A stable code of an error: a key of `catalogue`.
 *
 * ```ts
 * const passing: ReadonlySet<ErrorCode> = new Set(['exhaustion.pool', 'exhaustion.queue']);
 * const mayTryAgain = (error: unknown): boolean => isQuernError(error) && passing.has(error.code);
 * console.log(mayTryAgain(new ExhaustionError('exhaustion.pool')), mayTryAgain(new Error('other'))); // → true false
 * ```
 */
export type ErrorCode = keyof typeof catalogue;
/**
 * The codes of one class.
 *
 * ```ts
 * const hints: Record<CodeOf<'InterruptedError'>, string> = {
 *   'interrupted.timeout': 'It took too long.',
 *   'interrupted.instantiation': 'It took too long to begin.',
 *   'interrupted.cancelled': 'You stopped it.',
 * };
 * console.log(hints['interrupted.cancelled']); // → You stopped it.
 * ```
 */
export type CodeOf<C extends ErrorClass> = {
  [K in ErrorCode]: (typeof catalogue)[K]['class'] extends C ? K : never;
}[ErrorCode];
