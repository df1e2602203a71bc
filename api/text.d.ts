// Written by npm run gen:api.

export interface InstructionPlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface ModuleOptions {
  readonly names?: boolean;
  readonly onInstruction?: (place: InstructionPlace) => void;
}

export interface PrintOptions {
  readonly folded?: boolean;
}

export const parseModule: (text: string | Uint8Array, options?: ModuleOptions) => Uint8Array<ArrayBuffer>;

export const printModule: (bytes: Uint8Array, { folded }?: PrintOptions) => string;
