/** docs/errors.md, from the catalogue. */
import { catalogue, type ErrorClass, type ErrorRow } from '../../src/errors/catalogue.ts';
import { cell, code, pageHead, table } from './markdown.ts';

/** When each class is thrown; the classes themselves are in `src/errors/errors.ts`. */
const when: Readonly<Record<ErrorClass, string>> = {
  MalformedError: 'The bytes are not a module. `details.offset` and `details.section` say where.',
  InvalidError: 'The module breaks a rule of validation. `details` has `offset`, `funcIndex`, `instruction`.',
  UnsupportedError: 'The module needs a feature (`details.feature`) that is disabled or not executed.',
  LimitError: 'The module is valid, but larger than an implementation limit ([limits](limits.md)).',
  UnlinkableError:
    'An import is missing or has another type: `details.module`, `name`, `expected`, `actual`.',
  TrapError: 'Execution trapped. `details.backtrace` names the functions, innermost first.',
  ExhaustionError: 'A budget ran out: fuel, call stack or memory. `details.fuelConsumed` is exact.',
  ThrownException: 'A Wasm exception that nothing caught.',
  HostError:
    'A host function broke its side of the contract. What a host function throws itself reaches the caller unchanged.',
  ExitError: 'The guest called `proc_exit` with a status other than 0 (`details.exitCode`).',
  PluginError:
    'The plug-in reported a failure, or was called wrongly. `details.returnCode` is set if there is one.',
  ManifestError: 'The manifest, or what it points to, cannot be used. `details.path` names the key or file.',
  UsageError: 'The API was used wrongly.',
  InterruptedError: 'The call was stopped from outside.',
  SnapshotError: 'A snapshot cannot be taken, or cannot be restored.',
  JobError: 'A job cannot continue in its state, or its receipts are wrong; the job itself is unchanged.',
  ReplayError: 'A recording or a receipt is invalid. `details.event` is the number of the event.',
  InternalError: 'A bug in Quern itself.',
};

/** The page. */
export const errorsPage = (): string => {
  const rows = Object.entries(catalogue as Readonly<Record<string, ErrorRow>>);
  const classes = [...new Set(rows.map(([, row]) => row.class))];
  const sections = classes.map((name) => {
    const own = rows.filter(([, row]) => row.class === name);
    const lines = own.map(([key, row]) => [code(key), cell(row.text), cell(row.advice)]);
    return `## ${name}\n\n${when[name]}\n\n${table(['code', 'text', 'what to do'], lines)}`;
  });
  return [
    pageHead('Errors', 'src/errors/catalogue.ts'),
    'Every error that Quern throws on purpose extends `QuernError`: `code` is stable (semantic versioning covers it), `message` is not; `advice` says what to do, `details` contains the data. `isQuernError(value, code?)` recognises them across copies of the package.\n',
    ...sections,
  ].join('\n');
};
