/** The precompiled JavaScript of a transcript's modules, as a part of the script for engines. */
import { callProfiler, compileToJavaScript } from '../src/compile.ts';
import { bytesOf, transcribePlugin } from './driver/plugins.ts';
import type { Program } from './program.ts';

/** A function of `precompiled` instead of a module, which shells do not have. */
const asFunction = (text: string): string =>
  `function (precompiled) {\n${text.replace(/^import .*$/m, '').replace('export default ', 'return ')}}`;

/** An object with a function for each plug-in, of what its calls run, and for each module that is run, of all. */
export const precompiledText = async ({ plugins, runs }: Program): Promise<string> => {
  const members: string[] = [];
  const add = (id: string, text: string): void => {
    members.push(`${JSON.stringify(id)}: ${asFunction(text)}`);
  };
  for (const { id, wasm } of runs) add(id, compileToJavaScript(bytesOf(wasm), { target: 'nojit' }));
  for (const plugin of plugins) {
    const profiler = callProfiler();
    await transcribePlugin(plugin, () => {}, { compiler: profiler });
    const profile = profiler.profile();
    add(plugin.id, compileToJavaScript(bytesOf(plugin.wasm), { target: 'nojit', profile }));
  }
  return `{${members.join(',\n')}}`;
};
