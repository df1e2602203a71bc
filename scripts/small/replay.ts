/** Replaces the functions that replay recordings. */
import { refuse } from './build.ts';

const later = () => async (): Promise<never> => refuse('recordings');

export { later as replayRecordingOn, later as verifyReceiptOn };
