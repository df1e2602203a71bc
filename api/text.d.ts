// Written by npm run gen:api.

export interface ModuleOptions {
  readonly names?: boolean;
}

export interface PrintOptions {
  readonly folded?: boolean;
}

export const parseModule: (text: string | Uint8Array, options?: ModuleOptions) => Uint8Array<ArrayBuffer>;

export const printModule: (bytes: Uint8Array, { folded }?: PrintOptions) => string;
