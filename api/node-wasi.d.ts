// Written by npm run gen:api.

export interface NodeWasiOptions {
  readonly version: 'preview1' | 'unstable';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly preopens?: Readonly<Record<string, string>>;
  readonly returnOnExit?: boolean;
  readonly stdin?: number;
  readonly stdout?: number;
  readonly stderr?: number;
}

export class WASI {
  #private;
  readonly wasiImport: Record<string, any>;
  constructor(options: NodeWasiOptions);
  getImportObject(): Record<string, Record<string, unknown>>;
  finalizeBindings(instance: WasiInstance, options?: {
    readonly memory?: unknown;
  }): void;
  start(instance: WasiInstance): number;
  initialize(instance: WasiInstance): void;
}

export interface WasiInstance {
  readonly exports: Readonly<Record<string, any>>;
}

export const replaceNodeWasi: () => void;
