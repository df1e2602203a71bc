/** Parts shared by the formats: names, and the calls as a tree. */
import type { FuelProfile, ProfiledCall, ProfiledFunction } from './fuel-profile.ts';

/** A function as it is shown: with its module if that has a name. */
export const labelOf = ({ name, module, isHost }: ProfiledFunction): string =>
  module === '' || isHost ? name : `${module}!${name}`;

/** A call with the calls that it made. */
export interface Way {
  readonly call: ProfiledCall;
  /** Fuel of the call and of all that it called. */
  total: number;
  /** Largest use first. */
  readonly callees: Way[];
}

/** The calls of the host; largest use first. */
export const waysOf = ({ calls }: FuelProfile): Way[] => {
  const ways = calls.map((call): Way => ({ call, total: call.self, callees: [] }));
  const first: Way[] = [];
  // Callers have lower positions than their callees.
  for (let i = ways.length - 1; i >= 0; i--) {
    const way = ways[i]!;
    way.callees.sort((a, b) => b.total - a.total);
    const caller = ways[way.call.caller];
    if (caller === undefined) first.push(way);
    else {
      caller.total += way.total;
      caller.callees.push(way);
    }
  }
  return first.sort((a, b) => b.total - a.total);
};
