/** Tests of the JavaScript API that cannot pass, each with its reason. One that passes is an error too. */

/** Files whose modules take gigabytes. */
export const largeFiles: readonly string[] = ['test/js-api/limits.any.js'];

const excuses: readonly { readonly file: string; readonly name: RegExp; readonly reason: string }[] = [
  {
    file: 'limits.any.js',
    name: /memories over limit$/,
    reason: 'the file is older than Wasm 3.0, whose limit is 100 memories and not 1',
  },
];

/** Why a test need not pass; null if it must. */
export const excuseOf = (file: string, name: string): string | null =>
  excuses.find((excuse) => file.endsWith(excuse.file) && excuse.name.test(name))?.reason ?? null;
