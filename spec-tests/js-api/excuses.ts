/** Tests of the JavaScript API that cannot pass, each with its reason. One that passes is an error too. */

/** Files whose modules take gigabytes. */
export const largeFiles: readonly string[] = ['test/js-api/limits.any.js'];

const excuses: readonly { readonly file: string; readonly name: RegExp; readonly reason: string }[] = [
  {
    file: 'memory/grow.any.js',
    name: /^Growing shared memory does not detach old buffer$/,
    reason: 'the language cannot make two shared buffers of different lengths over the same bytes',
  },
];

/** Why a test need not pass; null if it must. */
export const excuseOf = (file: string, name: string): string | null =>
  excuses.find((excuse) => file.endsWith(excuse.file) && excuse.name.test(name))?.reason ?? null;
