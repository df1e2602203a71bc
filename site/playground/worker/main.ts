/** The worker: the engine runs here, so that the page stays alive. */
import type { FromWorker, Question, Questions, ToWorker } from '../protocol.ts';
import { shownError } from './values.ts';
import { Workshop } from './workshop.ts';

/** The worker's own side, as far as it is used: the types of pages and workers exclude each other. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}
const scope = globalThis as unknown as WorkerScope;

const { port1, port2 } = new MessageChannel();
let go: () => void = () => {};
port1.onmessage = () => go();
/** Lets messages in that have come meanwhile. A timer would wait for some milliseconds each time. */
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    go = resolve;
    port2.postMessage(null);
  });

const workshop = new Workshop(
  { log: (log) => scope.postMessage({ log }), fuel: (fuel) => scope.postMessage({ fuel }) },
  breathe,
);

const answer = <Q extends Question>(question: Q, ask: Questions[Q]['ask']): Promise<unknown> =>
  (workshop[question] as (ask: Questions[Q]['ask']) => Promise<Questions[Q]['answer']>).call(workshop, ask);

scope.onmessage = async ({ data }) => {
  if (data.question === 'pause') {
    workshop.pause();
    return;
  }
  const { id } = data;
  try {
    scope.postMessage({ id, answer: await answer(data.question, data.ask) });
  } catch (error) {
    scope.postMessage({ id, error: shownError(error) });
  }
};
