/** Entry point for the text format: modules of their text. */
export type { ModuleOptions } from './text/module-reader.ts';
export { parseModule } from './text/parse-module.ts';
