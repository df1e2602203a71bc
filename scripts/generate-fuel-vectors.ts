/**
 * Writes `docs/fuel-vectors.json`. Needs the reference data; takes some minutes, since every recorded call of every
 * plug-in is made.
 */
import { writeFileSync } from 'node:fs';
import { sharedFolder } from '../test/shared.ts';
import { vectorsFile, vectorsText } from '../test/vectors/format.ts';
import { makeVectors } from '../test/vectors/make.ts';

if (sharedFolder === null) {
  console.error('the reference data was not found: set QUERN_SHARED to its place');
  process.exitCode = 1;
} else {
  const vectors = await makeVectors();
  writeFileSync(vectorsFile, vectorsText(vectors));
  const calls = [...vectors.programs, ...vectors.plugins].reduce((sum, item) => sum + item.calls.length, 0);
  const { length: programs } = vectors.programs;
  console.log(
    `wrote ${vectorsFile}: ${calls} calls of ${programs} programs and ${vectors.plugins.length} plug-ins`,
  );
}
