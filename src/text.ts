/** Entry point for the text format: modules of their text, and their text of modules. */
export type { InstructionPlace } from './text/instruction-places.ts';
export type { ModuleOptions } from './text/module-reader.ts';
export { parseModule } from './text/parse-module.ts';
export { type PrintOptions, printModule } from './text/print-module.ts';
