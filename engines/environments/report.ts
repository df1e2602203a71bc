/** The page of the environments. */
import type { Environment } from './environments.ts';
import type { PluginResult } from './kit.ts';

export interface Cell {
  readonly environment: Environment;
  /** Null where the environment was absent. */
  readonly results: readonly PluginResult[] | null;
}

const markOf = ({ results }: Cell, id: string): string => {
  if (results === null) return 'not run';
  const failure = results.find((result) => result.id === id)?.failure;
  return failure === null ? 'yes' : 'no';
};

const rowOf = (ids: readonly string[], cell: Cell): string => {
  const { group, title } = cell.environment;
  return `| ${group} | ${title.startsWith('-') ? `\`${title}\`` : title} | ${ids.map((id) => markOf(cell, id)).join(' | ')} |`;
};

/** The results of the last run. */
export const page = (ids: readonly string[], cells: readonly Cell[]): string => {
  const reasons = cells.flatMap(({ environment, results }) => {
    const { group, title, note, source } = environment;
    const name = `${group} ${title}`.trim();
    if (results === null) return [`- ${name} was not found here (${source}).`];
    return note === undefined ? [] : [`- ${name}: ${note}`];
  });
  const tail = reasons.length === 0 ? '' : `\n${reasons.join('\n')}\n`;
  return `# Environments

\`npm run matrix -- --install\` packs the package, installs it into an empty folder, and runs four plug-ins in each environment that it finds; it writes this page. Outputs are compared byte by byte: with those of the official SDK if the plug-in is from the reference data.

\`greet\` is written in AssemblyScript, \`lua\` and \`quickjs\` in C with WASI, \`rust185_wasip1\` in Rust with WASI. Browsers load the package under a content security policy that allows neither code from text nor native Wasm.

![Which environments run the four plug-ins](environments.svg)

| environment | mode | ${ids.map((id) => `\`${id}\``).join(' | ')} |
| --- | --- | ${ids.map(() => '---').join(' | ')} |
${cells.map((cell) => rowOf(ids, cell)).join('\n')}
${tail}`;
};
