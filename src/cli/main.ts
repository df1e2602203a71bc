#!/usr/bin/env node
/**
 * The `quern` command. Results go to standard output, everything else to standard error.
 *
 * Exit codes: 0 = done, 1 = the plug-in or the module failed, 2 = the command line is wrong. `quern run` exits as
 * the program does.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isQuernError } from '../errors/errors.ts';
import { describeError } from './describe-error.ts';
import {
  type CommandName,
  commandHelp,
  commands,
  commandUsage,
  parseCommand,
  programHelp,
  usageError,
} from './flags.ts';

/** TABLE: what runs a command. PERF: the modules of the others are not loaded (0.1 s without a bundle). */
const runners: Readonly<Record<CommandName, (args: readonly string[]) => Promise<void>>> = {
  call: async (args) => (await import('./call.ts')).runCall(parseCommand('call', args)),
  verify: async (args) => (await import('./verify.ts')).runVerify(parseCommand('verify', args)),
  run: async (args) => (await import('./run.ts')).runProgram(parseCommand('run', args)),
  compile: async (args) => (await import('./compile.ts')).runCompile(parseCommand('compile', args)),
  bench: async (args) => (await import('./bench.ts')).runBench(parseCommand('bench', args)),
  inspect: async (args) => (await import('./inspect.ts')).runInspect(parseCommand('inspect', args)),
  wat: async (args) => (await import('./text.ts')).runWat(parseCommand('wat', args)),
  wasm: async (args) => (await import('./text.ts')).runWasm(parseCommand('wasm', args)),
  wast: async (args) => (await import('./wast.ts')).runWast(parseCommand('wast', args)),
  conformance: async (args) => {
    // In the package, what is imported lies elsewhere.
    const adapter = new URL('./conformance/javascript-adapter.js', import.meta.url);
    const { runConformance } = await import('./conformance.ts');
    await runConformance(parseCommand('conformance', args), fileURLToPath(adapter));
  },
};

const FAILURE = 1;
const USAGE = 2;

const version = (): string => {
  const file = createRequire(import.meta.url).resolve('quern/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};

const isCommand = (name: string | undefined): name is CommandName =>
  name !== undefined && Object.hasOwn(commands, name);

/** Reports an error and sets the exit code. */
const report = (error: unknown, command: CommandName | null, isVerbose: boolean): void => {
  const isUsage = isQuernError(error, 'usage.argument');
  process.stderr.write(describeError(error, isVerbose));
  if (isUsage) {
    const usage = command === null ? 'quern COMMAND' : commandUsage(command);
    process.stderr.write(`Usage: ${usage}\nSee quern ${command === null ? '' : `${command} `}--help.\n`);
  }
  process.exitCode = isUsage ? USAGE : FAILURE;
};

const runCommand = async (name: CommandName, args: readonly string[]): Promise<void> => {
  let isVerbose = false;
  try {
    const parsed = parseCommand(name, args);
    isVerbose = parsed.isVerbose;
    if (parsed.wantsHelp) {
      process.stdout.write(commandHelp(name));
      return;
    }
    await runners[name](args);
  } catch (error) {
    report(error, name, isVerbose);
  }
};

/** A reader that went away (`quern … | head`) ends the program quietly, as for any filter. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const [first, ...rest] = process.argv.slice(2);
if (isCommand(first)) await runCommand(first, rest);
else if (first === '--version') process.stdout.write(`quern ${version()}\n`);
else if (first === '--help' || first === '-h' || first === 'help') process.stdout.write(programHelp());
else
  report(
    usageError(first === undefined ? 'a command is missing' : `unknown command "${first}"`),
    null,
    false,
  );
