/**
 * Demangles names of compilers: Rust (both manglings) and C++. Go and others already write readable names.
 *
 * Only for people, so the forms are simple: no crate hashes, no lifetimes without meaning. A name that is not fully
 * understood stays unchanged.
 */
import { demangleItanium } from './itanium.ts';
import { demangleRustLegacy } from './rust-legacy.ts';
import { demangleRustV0 } from './rust-v0.ts';

/** Longest symbol that is read. SAFETY: bounds the time and the size of the result. */
const MAX_SYMBOL = 4096;

/**
 * A name in readable form; the same name if it is not mangled, or in an unknown way.
 *
 * ```js
 * console.log(demangle('_ZN4core9panicking5panic17h0123456789abcdefE')); // → core::panicking::panic
 * console.log(demangle('_ZN3net6Socket4sendEPKcm')); // → net::Socket::send(char const*, unsigned long)
 * ```
 */
export const demangle = (name: string): string => {
  if (name.length > MAX_SYMBOL) return name;
  if (name.startsWith('_R')) return demangleRustV0(name) ?? name;
  return demangleRustLegacy(name) ?? demangleItanium(name) ?? name;
};
