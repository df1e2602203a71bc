/** Entry point for profiles in fuel: which functions used it, where, and who called them. */
export type { JavaScriptCompiler } from './interpreter/code/compiled-module.ts';
export {
  compareProfiles,
  differenceTable,
  type FunctionDifference,
  type ProfileDifference,
} from './profile/compare-profiles.ts';
export { formatProfile, type ProfileFormat, profileFormats } from './profile/formats.ts';
export type { FuelProfile, ProfiledCall, ProfiledFunction, ProfiledPlace } from './profile/fuel-profile.ts';
export { type FuelProfiler, fuelProfiler } from './profile/fuel-profiler.ts';
