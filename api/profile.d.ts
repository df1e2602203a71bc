// Written by npm run gen:api.

export interface FuelProfile {
  readonly version: 1;
  readonly fuel: number;
  readonly functions: readonly ProfiledFunction[];
  readonly calls: readonly ProfiledCall[];
  readonly places: readonly ProfiledPlace[];
  readonly unplaced: number;
}

export interface FuelProfiler extends JavaScriptCompiler {
  profile(): FuelProfile;
  reset(): void;
}

export interface FunctionDifference {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

export interface JavaScriptCompiler {
  readonly kind: 'compiler';
  takeRefusal(): string | null;
}

export interface ProfileDifference {
  readonly before: number;
  readonly after: number;
  readonly functions: readonly FunctionDifference[];
}

export type ProfileFormat = 'table' | 'cpuprofile' | 'folded' | 'svg' | 'json';

export interface ProfiledCall {
  readonly caller: number;
  readonly function: number;
  readonly calls: number;
  readonly self: number;
}

export interface ProfiledFunction {
  readonly name: string;
  readonly module: string;
  readonly index: number;
  readonly isHost: boolean;
  readonly calls: number;
  readonly self: number;
  readonly total: number;
}

export interface ProfiledPlace {
  readonly function: number;
  readonly file?: string;
  readonly line?: number;
  readonly offset: number;
  readonly times: number;
  readonly fuel: number;
}

export const compareProfiles: (before: FuelProfile, after: FuelProfile) => ProfileDifference;

export const differenceTable: ({ before, after, functions }: ProfileDifference) => string;

export const formatProfile: (profile: FuelProfile, format: ProfileFormat) => string;

export const fuelProfiler: () => FuelProfiler;

export const profileFormats: readonly ProfileFormat[];
