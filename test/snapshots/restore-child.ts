/** The process that restores: a request a line, the outcome a line. It has never run what it restores. */
import { createInterface } from 'node:readline';
import { type PluginRequest, restorePlugin } from './plugin-points.ts';
import { type ProgramRequest, restoreProgram, restoreWorld, type WorldRequest } from './program-points.ts';

type Request = PluginRequest | WorldRequest | ProgramRequest;

const outcomeOf = async (request: Request): Promise<string> => {
  switch (request.kind) {
    case 'plugin':
      return restorePlugin(request);
    case 'world':
      return restoreWorld(request);
    default:
      return restoreProgram(request);
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  let outcome: string;
  try {
    outcome = await outcomeOf(JSON.parse(line) as Request);
  } catch (error) {
    outcome = `failed: ${(error as Error).stack}`;
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
