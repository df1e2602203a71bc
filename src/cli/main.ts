#!/usr/bin/env node
/**
 * The `quern` command. Results go to standard output, everything else to standard error.
 *
 * Exit codes: 0 = done, 1 = the plug-in or the module failed, 2 = the command line is wrong. `quern run` exits as
 * the program does.
 */
import { readFileSync } from 'node:fs';
import { isQuernError } from '../errors/errors.ts';
import { runBench } from './bench.ts';
import { runCall } from './call.ts';
import { runCompile } from './compile.ts';
import { runConformance } from './conformance.ts';
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
import { runInspect } from './inspect.ts';
import { runProgram } from './run.ts';
import { runVerify } from './verify.ts';

const FAILURE = 1;
const USAGE = 2;

const version = (): string => {
  const file = new URL('../../../package.json', import.meta.url);
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
    if (name === 'call') await runCall(parseCommand('call', args));
    else if (name === 'verify') await runVerify(parseCommand('verify', args));
    else if (name === 'run') await runProgram(parseCommand('run', args));
    else if (name === 'compile') await runCompile(parseCommand('compile', args));
    else if (name === 'bench') await runBench(parseCommand('bench', args));
    else if (name === 'conformance') await runConformance(parseCommand('conformance', args));
    else await runInspect(parseCommand('inspect', args));
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
