// Written by npm run gen:api.

export interface ModuleOptions {
  readonly names?: boolean;
}

export const parseModule: (text: string | Uint8Array, options?: ModuleOptions) => Uint8Array<ArrayBuffer>;
