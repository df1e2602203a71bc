/** The page that runs the official WASI tests on memory files in a browser; `main.ts --files page` serves it. */
import { createPlugin, MemoryFiles } from '../../src/index.ts';
import { type PageTest, runOfficialTest } from './official-test.ts';

const bytesOf = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(path)).arrayBuffer());

const treeOf = async (files: Readonly<Record<string, string>>): Promise<MemoryFiles> => {
  const tree = new MemoryFiles();
  for (const [path, url] of Object.entries(files)) tree.writeFile(path, await bytesOf(url));
  return tree;
};

const tests = (await (await fetch('/tests.json')).json()) as PageTest[];
const results: Record<string, string | null> = {};
for (const { name, wasm, spec, files, isStrict } of tests) {
  const tree = files === null ? null : await treeOf(files);
  results[name] = await runOfficialTest(createPlugin, {
    name,
    wasm: await bytesOf(wasm),
    spec,
    tree,
    isStrict,
  }).catch(String);
}
await fetch('/report', { method: 'POST', body: JSON.stringify(results) });
