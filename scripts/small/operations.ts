/** Replaces operations of the interpreter: there are none. */
const none = (): object => ({});

export { none as createAggregateOps, none as createAtomicOps };
