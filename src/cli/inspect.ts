/** `quern inspect`: what a module is made of, as text, as JSON, or as instructions. */
import { printable, printableJson } from '../errors/texts.ts';
import {
  decodeModule,
  disassembleFunction,
  type ExternSummary,
  findFunction,
  formatLine,
  type Module,
  type ModuleSummary,
  summariseModule,
} from '../inspect.ts';
import { javaScriptOf } from './compiled.ts';
import { type Parsed, usageError } from './flags.ts';
import { readModule } from './modules.ts';

const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

const externLine = ({ module, name, kind, index, type }: ExternSummary): string => {
  const label = printable(module === undefined ? name : `${module} ${name}`);
  return `  ${kind.padEnd(6)} ${label.padEnd(36)} ${type}${module === undefined ? `  [${index}]` : ''}`;
};

const group = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title} (${lines.length})`, ...lines, ''];

const featureLine = ({ key, summary, isExecuted }: ModuleSummary['features'][number]): string =>
  `  ${key.padEnd(24)} ${summary}${isExecuted ? '' : '  — not supported'}`;

const sectionLine = ({ name, customName, byteLength, offset }: ModuleSummary['sections'][number]): string => {
  const label = customName === undefined ? name : `${name} "${printable(customName)}"`;
  return `  ${label.padEnd(30)} ${byteLength.toLocaleString('en').padStart(12)} bytes at 0x${offset.toString(16)}`;
};

const summaryText = (source: string, summary: ModuleSummary): string => {
  const { name, byteLength, imports, exports, memories, tables, features, sections } = summary;
  const title = [
    source,
    ...(name === null ? [] : [`module "${printable(name)}"`]),
    plural(byteLength, 'byte'),
  ].join(', ');
  const counts = [
    plural(summary.functionCount, 'function'),
    plural(summary.globals.length, 'global'),
    plural(summary.dataByteLength, 'byte'),
  ];
  return [
    title,
    `${counts.join(', ')} of data${summary.start === null ? '' : `, start function ${summary.start}`}`,
    '',
    ...group('Needs', features.map(featureLine)),
    ...group('Imports', imports.map(externLine)),
    ...group('Exports', exports.map(externLine)),
    ...group(
      'Memories',
      memories.map((text, i) => `  ${i}: ${text}`),
    ),
    ...group(
      'Tables',
      tables.map((text, i) => `  ${i}: ${text}`),
    ),
    ...group('Sections', sections.map(sectionLine)),
  ].join('\n');
};

const requireFunction = (module: Module, wanted: string): number => {
  const found = findFunction(module, wanted);
  if (found === null) throw usageError(`there is no function "${wanted}"`);
  return found;
};

const printJavaScript = async (bytes: Uint8Array, wanted: string): Promise<void> => {
  const index = requireFunction(decodeModule(bytes), wanted);
  const lines = await javaScriptOf(bytes, index);
  const kept = [`// func ${index} is not compiled: the host or the interpreter runs it`];
  process.stdout.write(`${(lines ?? kept).join('\n')}\n`);
};

const printDisassembly = (bytes: Uint8Array, wanted: string | undefined): void => {
  const module = decodeModule(bytes);
  const found = wanted === undefined ? null : requireFunction(module, wanted);
  const first = module.importedFuncCount;
  const indices = found === null ? module.funcs.keys() : [found];
  for (const index of indices) {
    if (found === null && index < first) continue;
    const lines = Array.from(disassembleFunction(module, index), formatLine);
    process.stdout.write(`${lines.join('\n')}\n\n`);
  }
};

/** Runs `quern inspect`. */
export const runInspect = async ({ operands, flags }: Parsed<'inspect'>): Promise<void> => {
  const [source, wanted] = operands as readonly [string, string?];
  const bytes = await readModule(source);
  if (flags.disassemble) printDisassembly(bytes, wanted);
  else if (flags.javascript) {
    if (wanted === undefined) throw usageError('FUNCTION is missing');
    await printJavaScript(bytes, wanted);
  } else if (wanted !== undefined)
    throw usageError('a function is only shown with --disassemble or --javascript');
  else if (flags.json)
    process.stdout.write(`${printableJson(JSON.stringify(summariseModule(bytes), null, 2))}\n`);
  else process.stdout.write(summaryText(source, summariseModule(bytes)));
};
