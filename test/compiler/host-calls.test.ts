/**
 * Generated code calls functions of the host as the interpreter does. The cases run in a process of their own, since
 * the flags of the tests forbid code from strings.
 */
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cases = fileURLToPath(new URL('./host-calls-child.js', import.meta.url));

test('calls of the host from generated code are those of the interpreter', async () => {
  const env = { ...process.env };
  // What the child prints is for people.
  delete env['NODE_TEST_CONTEXT'];
  await promisify(execFile)(process.execPath, [cases], { env }).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });
});
