// Written by npm run gen:api.

export interface PrecompiledHead {
  readonly version: number;
  readonly sha256: string;
  readonly byteLength: number;
  readonly schedule: string;
  readonly prices: number;
  readonly functions: string;
}

export interface PrecompiledModule {
  readonly kind: 'precompiled';
  readonly sha256: string;
  readonly byteLength: number;
  check(schedule: FuelSchedule): void;
}

export const precompiled: (head: PrecompiledHead, makeScope: (environment: object) => object) => PrecompiledModule;
