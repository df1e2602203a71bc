// Written by npm run gen:api.

export class FuelTank {
  constructor(amount: number);
  get left(): number;
  get consumed(): number;
  add(amount: number): void;
}

export const WebAssembly: WebAssemblyNamespace;

export const createWebAssembly: (options?: WebAssemblyOptions) => WebAssemblyNamespace;

export const isInstalled: boolean;
