// Written by npm run gen:api.

export interface BacktraceFrame {
  readonly moduleName: string;
  readonly funcIndex: number;
  readonly funcName: string;
  readonly offset: number;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export type CodeOf<C extends ErrorClass> = {
  [K in ErrorCode]: (typeof catalogue)[K]['class'] extends C ? K : never;
}[ErrorCode];

export type ErrorClass = 'MalformedError' | 'InvalidError' | 'UnsupportedError' | 'LimitError' | 'UnlinkableError' | 'TrapError' | 'ExhaustionError' | 'ThrownException' | 'HostError' | 'ExitError' | 'PluginError' | 'ManifestError' | 'UsageError' | 'InterruptedError' | 'SnapshotError' | 'ReplayError' | 'JobError' | 'InternalError';

export type ErrorCode = keyof typeof catalogue;

export interface ErrorDetails extends ErrorPosition {
  readonly detail?: string;
  readonly cause?: unknown;
  readonly backtrace?: readonly BacktraceFrame[];
  readonly feature?: string;
  readonly limit?: number;
  readonly actual?: number | string;
  readonly expected?: string;
  readonly module?: string;
  readonly name?: string;
  readonly fuelConsumed?: number;
  readonly returnCode?: number;
  readonly exitCode?: number;
  readonly path?: string;
  readonly event?: number;
  readonly exception?: object;
}

export interface ErrorPosition {
  readonly offset?: number;
  readonly line?: number;
  readonly column?: number;
  readonly text?: string;
  readonly section?: string;
  readonly funcIndex?: number;
  readonly funcName?: string;
  readonly instruction?: string;
}

export interface ErrorRow {
  readonly class: ErrorClass;
  readonly text: string;
  readonly advice: string;
}

export const ExhaustionError: QuernErrorClass<'ExhaustionError'>;

export const ExitError: QuernErrorClass<'ExitError'>;

export const HostError: QuernErrorClass<'HostError'>;

export const InternalError: QuernErrorClass<'InternalError'>;

export const InterruptedError: QuernErrorClass<'InterruptedError'>;

export const InvalidError: QuernErrorClass<'InvalidError'>;

export const JobError: QuernErrorClass<'JobError'>;

export const LimitError: QuernErrorClass<'LimitError'>;

export const MalformedError: QuernErrorClass<'MalformedError'>;

export const ManifestError: QuernErrorClass<'ManifestError'>;

export const PluginError: QuernErrorClass<'PluginError'>;

export abstract class QuernError extends Error {
  readonly [brand] = true;
  abstract readonly code: ErrorCode;
  readonly advice: string;
  readonly details: ErrorDetails;
  constructor(code: ErrorCode, details: ErrorDetails, message?: string);
}

export interface QuernErrorClass<C extends ErrorClass> {
  new (code: CodeOf<C>, details?: ErrorDetails, message?: string): QuernError & {
    readonly code: CodeOf<C>;
    readonly name: C;
  };
  readonly prototype: QuernError;
}

export const ReplayError: QuernErrorClass<'ReplayError'>;

export const SnapshotError: QuernErrorClass<'SnapshotError'>;

export const ThrownException: QuernErrorClass<'ThrownException'>;

export const TrapError: QuernErrorClass<'TrapError'>;

export const UnlinkableError: QuernErrorClass<'UnlinkableError'>;

export const UnsupportedError: QuernErrorClass<'UnsupportedError'>;

export const UsageError: QuernErrorClass<'UsageError'>;

export const catalogue: {
  readonly 'malformed.magic': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.version': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.component': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.end': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.length': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.section-id': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.section-order': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.section-size': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.section-overrun': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.code-count': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.data-count': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.data-count-required': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.integer-long': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.integer-large': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.utf8': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.opcode': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.end-opcode': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.locals': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.type': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.storage-type': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.reference-type': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.type-form': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.limits': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.page-size': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.memop': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.mutability': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.import-kind': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.export-kind': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.element-kind': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.element-flags': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.data-flags': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.zero-byte': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.catch': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.cast': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.branch-hint': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.tag-attribute': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'malformed.text': ErrorRow & {
    readonly class: "MalformedError";
  };
  readonly 'invalid.type': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-type': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-function': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-table': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-memory': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-global': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-tag': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-local': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-label': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.rethrow-label': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-element': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-data': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.unknown-field': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.alignment': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.atomic-alignment': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.offset': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.immutable-global': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.immutable-field': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.immutable-array': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.constant': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.declaration': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.duplicate-export': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.start': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.result-arity': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.memory-size': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.table-size': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.limits': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.lane': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.local-uninitialised': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.sub-type': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.tag-result': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.not-packed': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.packed': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.not-defaultable': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.array-type': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.array-mismatch': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.shared-maximum': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.page-size': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.descriptor-group': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.described-group': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.described-order': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.not-described': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.not-descriptor': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.descriptor-kind': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.described-kind': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.descriptor': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.described': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.descriptor-required': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.descriptor-refused': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.no-descriptor': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'invalid.branch-hint': ErrorRow & {
    readonly class: "InvalidError";
  };
  readonly 'unsupported.feature': ErrorRow & {
    readonly class: "UnsupportedError";
  };
  readonly 'unsupported.agents': ErrorRow & {
    readonly class: "UnsupportedError";
  };
  readonly 'limit.module': ErrorRow & {
    readonly class: "LimitError";
  };
  readonly 'limit.memory': ErrorRow & {
    readonly class: "LimitError";
  };
  readonly 'limit.table': ErrorRow & {
    readonly class: "LimitError";
  };
  readonly 'unlinkable.unknown-import': ErrorRow & {
    readonly class: "UnlinkableError";
  };
  readonly 'unlinkable.incompatible-import': ErrorRow & {
    readonly class: "UnlinkableError";
  };
  readonly 'trap.unreachable': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.divide-by-zero': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.integer-overflow': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.invalid-conversion': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.memory-bounds': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.table-bounds': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.undefined-element': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.uninitialised-element': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.indirect-call-type': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-reference': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-function': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-structure': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-array': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-i31': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-exception': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.null-descriptor': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.array-bounds': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.cast': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.string-bounds': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.code-point': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.descriptor-cast': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.unaligned-atomic': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.expected-shared': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.deadlock': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'trap.allocation-size': ErrorRow & {
    readonly class: "TrapError";
  };
  readonly 'exhaustion.call-stack': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exhaustion.code': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exhaustion.fuel': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exhaustion.heap': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exhaustion.memory': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exhaustion.pool': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exhaustion.queue': ErrorRow & {
    readonly class: "ExhaustionError";
  };
  readonly 'exception.uncaught': ErrorRow & {
    readonly class: "ThrownException";
  };
  readonly 'host.threw': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'host.value': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'host.thread': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'host.http-refused': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'host.http-limit': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'host.http-redirect': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'host.http-failed': ErrorRow & {
    readonly class: "HostError";
  };
  readonly 'exit.code': ErrorRow & {
    readonly class: "ExitError";
  };
  readonly 'plugin.error': ErrorRow & {
    readonly class: "PluginError";
  };
  readonly 'plugin.return-code': ErrorRow & {
    readonly class: "PluginError";
  };
  readonly 'plugin.function': ErrorRow & {
    readonly class: "PluginError";
  };
  readonly 'manifest.shape': ErrorRow & {
    readonly class: "ManifestError";
  };
  readonly 'manifest.hash': ErrorRow & {
    readonly class: "ManifestError";
  };
  readonly 'manifest.source': ErrorRow & {
    readonly class: "ManifestError";
  };
  readonly 'usage.argument': ErrorRow & {
    readonly class: "UsageError";
  };
  readonly 'usage.precompiled': ErrorRow & {
    readonly class: "UsageError";
  };
  readonly 'usage.schedule': ErrorRow & {
    readonly class: "UsageError";
  };
  readonly 'usage.state': ErrorRow & {
    readonly class: "UsageError";
  };
  readonly 'interrupted.timeout': ErrorRow & {
    readonly class: "InterruptedError";
  };
  readonly 'interrupted.instantiation': ErrorRow & {
    readonly class: "InterruptedError";
  };
  readonly 'interrupted.cancelled': ErrorRow & {
    readonly class: "InterruptedError";
  };
  readonly 'snapshot.corrupt': ErrorRow & {
    readonly class: "SnapshotError";
  };
  readonly 'snapshot.truncated': ErrorRow & {
    readonly class: "SnapshotError";
  };
  readonly 'snapshot.version': ErrorRow & {
    readonly class: "SnapshotError";
  };
  readonly 'snapshot.foreign': ErrorRow & {
    readonly class: "SnapshotError";
  };
  readonly 'snapshot.unsupported': ErrorRow & {
    readonly class: "SnapshotError";
  };
  readonly 'replay.log': ErrorRow & {
    readonly class: "ReplayError";
  };
  readonly 'replay.module': ErrorRow & {
    readonly class: "ReplayError";
  };
  readonly 'replay.diverged': ErrorRow & {
    readonly class: "ReplayError";
  };
  readonly 'replay.receipt': ErrorRow & {
    readonly class: "ReplayError";
  };
  readonly 'job.module': ErrorRow & {
    readonly class: "JobError";
  };
  readonly 'job.damaged': ErrorRow & {
    readonly class: "JobError";
  };
  readonly 'job.store': ErrorRow & {
    readonly class: "JobError";
  };
  readonly 'job.receipt': ErrorRow & {
    readonly class: "JobError";
  };
  readonly 'internal.bug': ErrorRow & {
    readonly class: "InternalError";
  };
};

export const isQuernError: (value: unknown, code?: ErrorCode) => value is QuernError;
