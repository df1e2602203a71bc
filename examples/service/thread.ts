/** What the threads of the pool import: the key that signs receipts. Host functions would be exported here as well. */
import { createSigner, type JobSigner } from 'quern/job';
import { readSettings } from './settings.ts';

export const signer: JobSigner = await createSigner(Buffer.from(readSettings().signingSeed, 'hex'));
