/**
 * TABLE: the fast tests, which `npm run check` runs: a few for each chapter, so that anyone who breaks it hears of it
 * within a minute. `npm test` runs all.
 *
 * They are chosen by CPU time: no file here takes more than four seconds.
 */

/** Files of tests, without their ending, by chapter. `project` is what belongs to none. */
export const fastTests: Readonly<Record<string, readonly string[]>> = {
  project: ['architecture', 'fast', 'imports'],
  errors: ['host/hostile-arguments'],
  syntax: [
    'syntax/features',
    'syntax/fuel-classes',
    'syntax/instructions',
    'syntax/type-registry',
    'syntax/types',
    'syntax/utf8',
  ],
  decoder: [
    'decoder/branch-hints',
    'decoder/byte-reader',
    'decoder/disassemble',
    'decoder/instruction-reader',
    'decoder/malformed',
    'decoder/name-section',
  ],
  text: ['text/errors', 'text/numbers', 'text/wabt'],
  symbols: ['decoder/demangle'],
  validator: ['validator/validate-function'],
  interpreter: [
    'dispatch/inliner',
    'dispatch/scalar-bodies',
    'dispatch/vector-bodies',
    'interpreter/code-space',
    'interpreter/exceptions',
    'interpreter/fuel-schedule',
    'interpreter/heap',
    'interpreter/host-calls',
    'interpreter/pausing',
    'interpreter/vectors',
    'reference/fuel',
    'regressions/fuel-beyond-limit/fuel-beyond-limit',
    'regressions/results-of-wide-frames/results-of-wide-frames',
    'snapshots/frame-types',
    'snapshots/heap',
    'spec/base',
  ],
  compiler: ['compiler/instances', 'compiler/option', 'compiler/slices'],
  profile: ['profile/formats'],
  job: ['jobs/verify'],
  webassembly: ['webassembly/js-string', 'webassembly/namespace'],
  kernel: ['kernel/traces'],
  host: [
    'host/calls',
    'host/linker',
    'host/manifest',
    'host/plugin',
    'host/plugin-call',
    'host/typed',
    'host/wasi',
    'http/host-patterns',
    'plugins/slices.property',
    'regressions/host-function-without-fuel/host-function-without-fuel',
  ],
  debug: ['debug/session'],
  conformance: ['conformance/kit'],
  scripts: ['cli/wast'],
  entries: ['package/package'],
  cli: ['cli/lines'],
};
