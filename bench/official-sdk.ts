/** The official SDK as far as it is used, and its rule for blocks of memory made equal to ours. */

export interface HostPlugin {
  call(name: string, input?: Uint8Array): Promise<{ bytes(): Uint8Array } | null>;
  getExports(): Promise<readonly { readonly name: string }[]>;
  close(): Promise<void>;
}
interface Sdk {
  createPlugin(manifest: object, options: object): Promise<HostPlugin & { reset(): Promise<boolean> }>;
}

export const officialSdk = '@extism/extism';

/**
 * Creates a plug-in whose calls end as they do in Quern: blocks are released. The SDK 1.0.3 keeps those of every call
 * until they are released explicitly, and has addresses for 32,767 of them.
 *
 * @param entry which build of the SDK
 */
export const createOnSdk = async (
  manifest: object,
  options: object,
  entry: string = officialSdk,
): Promise<HostPlugin> => {
  const { createPlugin } = (await import(entry)) as Sdk;
  const own = await createPlugin(manifest, options);
  return {
    call: async (name, input) => {
      const output = await own.call(name, input);
      await own.reset();
      return output;
    },
    getExports: () => own.getExports(),
    close: () => own.close(),
  };
};
