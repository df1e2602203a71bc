/** Tests of the official SDK that do not pass on Quern; docs/migrating.md has the same reasons. */

export interface Excuse {
  readonly reason: string;
  /** Whether it passes with access to the network. */
  readonly dependsOnNetwork?: true;
}

const nativeModule: Excuse = {
  reason: 'needs the bytes of a native WebAssembly.Module, which cannot be recovered',
};
const pages: Excuse = {
  reason: 'begins with 17 pages, which count against maxPages as in the Rust host',
};

/** Key = name of the test. */
export const excuses: Readonly<Record<string, Excuse>> = {
  'createPlugin loads a WebAssembly.Module': nativeModule,
  'createPlugin loads a WebAssembly.Module from manifest': nativeModule,
  'createPlugin fails if provided a module and hash': nativeModule,
  'plugins cant allocate more memory than allowed': pages,
  'plugins can allocate memory if allowed': pages,
  'readonly allowed paths are not supported': { reason: 'they are' },
  'can create plugin from url with hash check': {
    reason: 'downloads a plug-in from the network',
    dependsOnNetwork: true,
  },
};
