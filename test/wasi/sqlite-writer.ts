/**
 * A process that writes into a SQLite database through WASI and kills itself, for good, at one of its file operations:
 * `node sqlite-writer.js WASM FOLDER COUNT`.
 *
 * Says on standard output which row was committed. After the first one it counts what changes files; the operation
 * with the number COUNT is not finished: of a write only the first half gets to the disk, then comes SIGKILL.
 */
import { readFileSync, writeSync } from 'node:fs';
import type { OpenDirectory, OpenFile } from '../../src/host/platform/files.ts';
import { compileModule, createPlugin, type FileTree, nodeDirectory } from '../../src/node.ts';

const [wasm = '', folder = '', fatal = ''] = process.argv.slice(2);
let operations = 0;
let isCounting = false;

/** Counts an operation; the fatal one is given a chance to do half of its work, and is the last. */
const count = (half: () => void = () => {}): void => {
  if (!isCounting) return;
  operations++;
  if (operations < Number(fatal)) return;
  half();
  process.kill(process.pid, 'SIGKILL');
};

const changing: readonly PropertyKey[] = ['setSize', 'sync', 'removeFile', 'createDirectory', 'close'];
/** The same object, with its operations counted. */
const counted = <T extends OpenDirectory | OpenFile>(target: T): T =>
  new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (changing.includes(name)) count();
        if (name === 'write') {
          const [bytes, position] = args as [Uint8Array, number];
          count(() => Reflect.apply(member, target, [bytes.subarray(0, bytes.length >> 1), position]));
        }
        const result: unknown = Reflect.apply(member, target, args);
        const isOpened = name === 'openFile' || name === 'openDirectory' || name === 'reopen';
        return isOpened ? counted(result as OpenDirectory | OpenFile) : result;
      };
    },
  });

const tree = nodeDirectory(folder);
const countedTree: FileTree = { openRoot: (now) => counted(tree.openRoot(now)) };
const plugin = await createPlugin(
  { wasm: [{ module: compileModule(readFileSync(wasm)) }] },
  { config: { path: '/db/t.db' }, wasi: { preopens: { '/db': countedTree } } },
);
for (;;) {
  const answer = await plugin.call('exec_file', 'insert into t(b) values (zeroblob(20000)) returning a');
  const [[[row]]] = JSON.parse(answer?.text() ?? '') as [[[number]]];
  writeSync(1, `${row}\n`);
  isCounting = true;
}
