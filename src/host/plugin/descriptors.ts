/** Imports and exports of the main module, as `Plugin.getImports` and `getExports` list them. */
import type { ExternKind, Module } from '../../syntax/module.ts';

/**
 * Kind of an import or export, in the words of the JavaScript API.
 *
 * Example: see `ImportDescriptor`.
 */
export type DescriptorKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
/**
 * An export of the main module.
 *
 * Example: see `ImportDescriptor`.
 */
export interface ExportDescriptor {
  readonly name: string;
  readonly kind: DescriptorKind;
}
/**
 * An import of the main module.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const namesOf = (items: readonly ExportDescriptor[], kind: DescriptorKind): string[] =>
 *   items.filter((item) => item.kind === kind).map(({ name }) => name);
 * console.log(namesOf(await plugin.getExports(), 'function').includes('count')); // → true
 * const imports: ImportDescriptor[] = await plugin.getImports();
 * console.log(imports.find(({ module }) => module === 'extism:host/user')?.name); // → remark
 * ```
 */
export interface ImportDescriptor extends ExportDescriptor {
  readonly module: string;
}

const descriptorKind = (kind: ExternKind): DescriptorKind => (kind === 'func' ? 'function' : kind);

/** The exports of a module, in order. */
export const exportsOf = ({ exports }: Module): ExportDescriptor[] =>
  exports.map(({ name, kind }) => ({ name, kind: descriptorKind(kind) }));

/** The imports of a module, in order. */
export const importsOf = ({ imports }: Module): ImportDescriptor[] =>
  imports.map(({ module, name, desc }) => ({ module, name, kind: descriptorKind(desc.kind) }));
