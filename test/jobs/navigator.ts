/**
 * A navigator, as Node 21 and later have one. Without it, the client of PostgreSQL looks at `Response`, which
 * Node 20 makes with native Wasm, and tests run without that.
 */
if (!('navigator' in globalThis))
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js' }, configurable: true });
