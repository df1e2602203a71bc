#!/usr/bin/env node
/**
 * The `quern` command. Results go to standard output, everything else to standard error.
 *
 * Exit codes: 0 = done, 1 = the plug-in or the module failed, 2 = the command line is wrong. `quern run` exits with
 * the code of the program.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isQuernError } from '../errors/errors.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { describeError } from './describe-error.ts';
import { type CommandName, commands, type Parsed, programFlags } from './flags.ts';
import { commandHelp, commandNames, commandUsage, programHelp } from './help.ts';
import { paintOf } from './paint.ts';
import { countBeforeOperand, parseCommand, parseFlags, usageError } from './parse.ts';

/** TABLE: what runs each command. PERF: the modules of other commands are not loaded (0.1 s without a bundle). */
const runners: { readonly [C in CommandName]: (parsed: Parsed<C>) => Promise<void> } = {
  call: async (parsed) => (await import('./call.ts')).runCall(parsed),
  debug: async (parsed) => (await import('./debug.ts')).runDebug(parsed),
  trace: async (parsed) => (await import('./trace.ts')).runTrace(parsed),
  verify: async (parsed) => (await import('./verify.ts')).runVerify(parsed),
  run: async (parsed) => (await import('./run.ts')).runProgram(parsed),
  compile: async (parsed) => (await import('./compile.ts')).runCompile(parsed),
  bench: async (parsed) => (await import('./bench.ts')).runBench(parsed),
  profile: async (parsed) => (await import('./profile.ts')).runProfile(parsed),
  inspect: async (parsed) => (await import('./inspect.ts')).runInspect(parsed),
  wat: async (parsed) => (await import('./text.ts')).runWat(parsed),
  wasm: async (parsed) => (await import('./text.ts')).runWasm(parsed),
  wast: async (parsed) => (await import('./wast.ts')).runWast(parsed),
  conformance: async (parsed) => {
    // In the package, the imported modules are elsewhere.
    const adapter = new URL('./conformance/javascript-adapter.js', import.meta.url);
    await (await import('./conformance.ts')).runConformance(parsed, fileURLToPath(adapter));
  },
  new: async (parsed) => (await import('./new.ts')).runNew(parsed),
  completions: async (parsed) => (await import('./completions.ts')).runCompletions(parsed),
  help: async ({ operands: [name] }) => {
    process.stdout.write(name === undefined ? programHelp() : commandHelp(requireCommand(name)));
  },
};

const FAILURE = 1;
const USAGE = 2;

const version = (): string => {
  const file = createRequire(import.meta.url).resolve('quern/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};

/** @throws UsageError */
const requireCommand = (name: string): CommandName => {
  if (Object.hasOwn(commands, name)) return name as CommandName;
  const advice = existsSync(name) ? `; quern call ${name} calls a plug-in` : didYouMean(name, commandNames);
  throw usageError(`unknown command "${name}"${advice}`);
};

/** How errors are reported, as far as the command line has been parsed when one is thrown. */
const reporting: { command: CommandName | null; isVerbose: boolean; isQuiet: boolean } = {
  command: null,
  isVerbose: false,
  isQuiet: false,
};

/** Reports an error and sets the exit code. */
const report = (error: unknown): void => {
  const { command, ...style } = reporting;
  const isUsage = isQuernError(error, 'usage.argument');
  process.stderr.write(describeError(error, { ...style, paint: paintOf(process.stderr, process.env) }));
  if (isUsage && !style.isQuiet) {
    const usage = command === null ? 'quern COMMAND' : commandUsage(command);
    process.stderr.write(`Usage: ${usage}\nSee quern help${command === null ? '' : ` ${command}`}.\n`);
  }
  process.exitCode = isUsage ? USAGE : FAILURE;
};

const runCommand = async <C extends CommandName>(name: C, args: readonly string[]): Promise<void> => {
  reporting.command = name;
  const parsed = parseCommand(name, args);
  reporting.isVerbose = parsed.isVerbose;
  reporting.isQuiet = parsed.isQuiet;
  if (parsed.wantsHelp) process.stdout.write(commandHelp(name));
  else await runners[name](parsed);
};

/** Runs the command line. Flags of every command may precede its name. */
const runProgram = async (args: readonly string[]): Promise<void> => {
  const count = countBeforeOperand(args, programFlags);
  const before = args.slice(0, count);
  const { values } = parseFlags(before, programFlags);
  const name = args[count];
  if (values['version']) process.stdout.write(`quern ${version()}\n`);
  else if (name === undefined) process.stdout.write(programHelp());
  else await runCommand(requireCommand(name), [...before, ...args.slice(count + 1)]);
};

/** A reader that closed the pipe (`quern … | head`) ends the program quietly, as for any filter. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  report(new Error(`cannot write the output: ${error.message}`));
  process.exit(FAILURE);
});

await runProgram(process.argv.slice(2)).catch(report);
