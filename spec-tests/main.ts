/**
 * Runs the official suite on an engine:
 * `npm run spec -- [--suite CHECKOUT | --data] [--engine quern|reference|native|both|javascript-api] [--threads turns|workers]
 * [--careful] [--compiled [--exits P] [--holes P] [--seed N] [--target jit|nojit|pieces]] [--unit-fuel] [--feature KEY] [--flip]
 * [--report] [NAME…]`.
 *
 * With `--compiled` every function is compiled before its first call, and every loop; with `--exits` compiled code is
 * left with this probability at each possible place; with `--holes` this share of functions and loops has no code.
 *
 * Threads of scripts take turns in one JavaScript thread, or are worker threads on memories that they share. Without
 * `--threads`, scripts whose threads must run at the same time run in both ways.
 *
 * CHECKOUT is one of WebAssembly/testsuite or WebAssembly/spec; without it, the runner searches for the suite.
 * `--data` takes the converted form of the suite instead, as a cross-check.
 *
 * A NAME is a file (`linking`), a folder (`proposals/threads`) or a group (`base`); `--required` selects the groups
 * that must pass. Exit code 1 when a command failed. With `--flip` every expectation is falsified, and the exit code
 * is 1 when an assertion still passed.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Engine } from '../src/scripts/engine.ts';
import { emptyResult, type FailedCommand, type ScriptResult } from '../src/scripts/outcome.ts';
import { runScript, type StartWorker } from '../src/scripts/runner.ts';
import { type FeatureKey, featureTable } from '../src/wasm.ts';
import { forcedFlags, forcedOf } from '../test/compiler/forced-flags.ts';
import { suiteClone, suiteFolder } from '../test/shared.ts';
import { settle, suiteEngine } from './adapters/quern.ts';
import { type EngineName, engineNames, makeEngine } from './adapters/select.ts';
import { writePart } from './page.ts';
import { byGroup, conformancePage, type GroupResult, printSummary, summaryPage } from './report.ts';
import {
  dataFolder,
  dataSuite,
  featuresOf,
  requiredGroups,
  type Suite,
  type SuiteEntry,
  selectEntries,
} from './suite.ts';
import { ownScripts, textSuite } from './text-suite.ts';
import { type WorkerCode, workerStarter } from './thread-worker.ts';

/** Failures of one file that are printed in full. */
const printedFailures = 20;

const options = {
  engine: { type: 'string', default: 'quern' },
  suite: { type: 'string' },
  data: { type: 'boolean', default: false },
  threads: { type: 'string' },
  careful: { type: 'boolean', default: false },
  ...forcedFlags,
  'unit-fuel': { type: 'boolean', default: false },
  feature: { type: 'string', multiple: true, default: [] as string[] },
  flip: { type: 'boolean', default: false },
  required: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} as const;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const printFailures = (failures: readonly FailedCommand[], isVerbose: boolean): void => {
  const shown = isVerbose ? failures : failures.slice(0, printedFailures);
  for (const { where, command, message } of shown) print(`FAIL ${where} ${command}: ${message}`);
  if (failures.length > shown.length)
    print(`… and ${failures.length - shown.length} more (--verbose shows all)`);
};

interface RunFlags {
  readonly feature: readonly string[];
  readonly flip: boolean;
  readonly verbose: boolean;
}

/** An engine, and how it runs the threads of scripts. */
interface Way {
  readonly engine: Engine;
  readonly startWorker: StartWorker | null;
  readonly runs: (entry: SuiteEntry) => boolean;
  /** Added to the names of groups. */
  readonly suffix: string;
}

/** The ways in which scripts are run. */
const waysOf = (
  suite: Suite,
  engine: Engine,
  threads: string | undefined,
  code: WorkerCode,
): readonly Way[] => {
  const turns: Way = { engine, startWorker: null, runs: () => true, suffix: '' };
  const workers = (runs: Way['runs']): Way => ({
    engine: suiteEngine({ ...code, unitFuel: false, workers: true }),
    startWorker: workerStarter(code),
    runs,
    suffix: ' (workers)',
  });
  if (threads === 'workers') return [workers(() => true)];
  if (threads === 'turns' || engine.name === 'reference' || engine.share === undefined) return [turns];
  return [turns, workers((entry) => suite.needsRealThreads(entry))];
};

/** The result of a script that would never end on the engine: its threads spin until another one has written. */
const leftOut = (suite: Suite, entry: SuiteEntry): ScriptResult => {
  const result = emptyResult(entry.name);
  const { commands } = suite.load(entry);
  result.skipped.set(
    'threads that must run at the same time, in a namespace without agents',
    commands.length,
  );
  return result;
};

/** Runs the selected scripts one after the other. */
const runSuite = async (
  ways: readonly Way[],
  suite: Suite,
  names: readonly string[],
  flags: RunFlags,
): Promise<readonly GroupResult[]> => {
  const results: (readonly [string, ScriptResult])[] = [];
  for (const entry of selectEntries(suite.entries, names)) {
    for (const { engine, startWorker, suffix } of ways.filter(({ runs }) => runs(entry))) {
      const options = {
        flip: flags.flip,
        features: new Set([...featuresOf(entry), ...(flags.feature as readonly FeatureKey[])]),
        startWorker,
        settle,
        exceptions: suite.exceptionsOf(entry),
      };
      const isAlone = engine.forThread === undefined && startWorker === null;
      const result =
        isAlone && suite.needsRealThreads(entry)
          ? leftOut(suite, entry)
          : await runScript(suite.load(entry), engine, options);
      if (!flags.flip) printFailures(result.failures, flags.verbose);
      results.push([`${entry.group}${suffix}`, { ...result, name: `${result.name}${suffix}` }]);
    }
  }
  return byGroup(results);
};

/** The result of `--flip`: whether every falsified assertion failed. */
const judgeFlip = (groups: readonly GroupResult[]): number => {
  const results = groups.flatMap((group) => group.results);
  const assertions = results.reduce((total, result) => total + result.assertions, 0);
  const failed = results.reduce((total, result) => total + result.failedAssertions, 0);
  print(`${failed} of ${assertions} falsified assertions failed, as they must`);
  return failed === assertions ? 0 : 1;
};

/** The page has the whole table of the engine, and the sums of the others. */
const writeReport = (engine: string, option: string, groups: readonly GroupResult[]): void => {
  if (option === 'quern')
    writePart('Test suite', 'npm run spec -- --report', conformancePage(engine, groups));
  else {
    const command = `npm run spec -- --engine ${option} --report`;
    writePart(`Test suite on ${option}`, command, summaryPage(engine, groups));
  }
};

/** The suite that the options select: the text files, or the scripts of this project if they are not found. */
const suiteToRun = (given: string | undefined, isData: boolean): Suite | null => {
  if (isData) {
    if (dataFolder !== null) return dataSuite(dataFolder);
    print('The converted suite was not found: set QUERN_SHARED, or put the data beside the checkout.');
    return null;
  }
  const folder = given ?? suiteFolder;
  if (folder !== null && existsSync(folder)) return textSuite(folder);
  if (given !== undefined) {
    print(`there is no folder ${given}`);
    return null;
  }
  print('The official suite was not found. These are the scripts of this project; for the suite:');
  print(`  ${suiteClone}`);
  return textSuite(ownScripts);
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const name = engineNames.find((known) => known === values.engine);
  if (name === undefined) {
    print(`unknown engine ${values.engine}; one of ${engineNames.join(', ')}`);
    return 2;
  }
  const unknown = values.feature.find((key) => !(key in featureTable));
  if (unknown !== undefined) {
    print(`unknown feature ${unknown}; one of ${Object.keys(featureTable).join(', ')}`);
    return 2;
  }
  if (values.threads !== undefined && values.threads !== 'turns' && values.threads !== 'workers') {
    print(`unknown way to run threads: ${values.threads}; turns or workers`);
    return 2;
  }
  const compiled = forcedOf(values);
  const suite = suiteToRun(values.suite, values.data);
  if (suite === null) return 2;
  const code: WorkerCode = { careful: values.careful, compiled };
  const engine = makeEngine(name as EngineName, { ...code, unitFuel: values['unit-fuel'] });
  if (compiled !== null && compiled.exits > 0) print(`exits ${compiled.exits}, seed ${compiled.seed}`);
  const names = values.required ? [...positionals, ...requiredGroups] : positionals;
  const groups = await runSuite(waysOf(suite, engine, values.threads, code), suite, names, values);
  await engine.close?.();
  if (groups.length === 0) {
    print(`no script is named ${names.join(' or ')}`);
    return 2;
  }
  if (values.flip) return judgeFlip(groups);
  printSummary(groups, print);
  if (values.report) writeReport(engine.name, values.engine, groups);
  return groups.some(({ results }) => results.some(({ failures }) => failures.length > 0)) ? 1 : 0;
};

process.exitCode = await main();
