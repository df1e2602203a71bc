/** `quern inspect`: what a module or a manifest needs and contains, as text, as JSON, or as instructions. */
import { printable, printableJson } from '../errors/texts.ts';
import type { CheckedManifest } from '../host/manifest/manifest.ts';
import { loadModules } from '../host/manifest/wasm-source.ts';
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
import { pluginFeatures } from '../syntax/features.ts';
import { executed, javaScriptOf } from './compiled.ts';
import type { Parsed } from './flags.ts';
import { modulePlatform, readModule, readSource } from './modules.ts';
import { commandLines, namespaceLines, type Subject } from './needs.ts';
import { paintOf } from './paint.ts';
import { usageError } from './parse.ts';

const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

const externLine = ({ module, name, kind, index, type }: ExternSummary): string => {
  const label = printable(module === undefined ? name : `${module} ${name}`);
  return `  ${kind.padEnd(6)} ${label.padEnd(36)} ${type}${module === undefined ? `  [${index}]` : ''}`;
};

const { heading } = paintOf(process.stdout, process.env);
const group = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${heading(title)} (${lines.length})`, ...lines, ''];
/** What a reader looks for first. */
const summaryGroups = (subject: Subject): string[] => {
  const commands = commandLines(subject);
  return [
    ...(commands.length === 0 ? [] : [heading('Call it with'), ...commands, '']),
    ...group('Imports from', namespaceLines(subject)),
  ];
};

const featureLine = ({ key, summary, isExecuted }: ModuleSummary['features'][number]): string => {
  const how = isExecuted ? (pluginFeatures.has(key) ? '' : `  — with --feature ${key}`) : '  — not supported';
  return `  ${key.padEnd(24)} ${summary}${how}`;
};

const sectionLine = ({ name, customName, byteLength, offset }: ModuleSummary['sections'][number]): string => {
  const label = customName === undefined ? name : `${name} "${printable(customName)}"`;
  return `  ${label.padEnd(30)} ${byteLength.toLocaleString('en').padStart(12)} bytes at 0x${offset.toString(16)}`;
};

const moduleText = (subject: Subject): string => {
  const { summary } = subject.modules[0]!;
  const { name, byteLength, imports, exports, memories, tables, features, sections } = summary;
  const title = [
    subject.source,
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
    ...summaryGroups(subject),
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

const settingLines = ({
  config,
  memory,
  allowedHosts,
  allowedPaths,
  timeoutMs,
}: CheckedManifest): string[] => {
  const limits = Object.entries(memory ?? {}).filter(([, value]) => value !== null);
  return [
    ...Array.from(config ?? [], ([key, value]) => `config         ${key}=${value}`),
    ...(allowedHosts ?? []).map((host) => `allowedHosts   ${host}`),
    ...Array.from(allowedPaths ?? [], ([guest, host]) => `allowedPaths   ${host}:${guest}`),
    ...limits.map(([name, value]) => `memory         ${name} ${(value as number).toLocaleString('en')}`),
    ...(timeoutMs === null ? [] : [`timeoutMs      ${timeoutMs.toLocaleString('en')}`]),
  ].map((line) => `  ${printable(line)}`);
};

const manifestText = (subject: Subject, manifest: CheckedManifest): string => {
  const { source, modules } = subject;
  const features = new Map(
    modules.flatMap(({ summary }) => summary.features.map((feature) => [feature.key, feature])),
  );
  return [
    `${source}, manifest of ${plural(modules.length, 'module')}`,
    '',
    ...summaryGroups(subject),
    ...group('Needs', Array.from(features.values(), featureLine)),
    ...group(
      'Modules',
      modules.map(({ name, module }, i) => {
        const title = name ?? (i === modules.length - 1 ? 'main' : String(i));
        return `  ${printable(title).padEnd(24)} ${plural(module.bytes.length, 'byte')}`;
      }),
    ),
    ...group('Settings', settingLines(manifest)),
  ].join('\n');
};

const requireFunction = (module: Module, wanted: string): number => {
  const found = findFunction(module, wanted);
  if (found === null) throw usageError(`unknown function "${wanted}"`);
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

const json = (value: unknown): string => `${printableJson(JSON.stringify(value, null, 2))}\n`;

const inspectManifest = async (source: string, manifest: CheckedManifest, isJson: boolean): Promise<void> => {
  const loaded = await loadModules(manifest, modulePlatform, executed);
  const modules = loaded.map(({ name, compiled: { module } }) => ({
    ...{ name, module, summary: summariseModule(module.bytes) },
  }));
  process.stdout.write(
    isJson
      ? json({ modules: modules.map(({ name, summary }) => ({ name, summary })) })
      : manifestText({ source, manifest, modules }, manifest),
  );
};

/** Runs `quern inspect`. */
export const runInspect = async ({ operands, flags }: Parsed<'inspect'>): Promise<void> => {
  const [source, wanted] = operands as readonly [string, string?];
  if (wanted !== undefined && !flags.disassemble && !flags.javascript)
    throw usageError('FUNCTION needs --disassemble or --javascript');
  if (flags.javascript && wanted === undefined) throw usageError('FUNCTION is missing');
  const isListing = flags.disassemble || flags.javascript;
  const read = isListing ? await readModule(source) : await readSource(source);
  if (!(read instanceof Uint8Array)) await inspectManifest(source, read, flags.json ?? false);
  else if (flags.disassemble) printDisassembly(read, wanted);
  else if (flags.javascript) await printJavaScript(read, wanted!);
  else if (flags.json) process.stdout.write(json(summariseModule(read)));
  else {
    const modules = [{ name: null, module: decodeModule(read), summary: summariseModule(read) }];
    process.stdout.write(moduleText({ source, manifest: null, modules }));
  }
};
