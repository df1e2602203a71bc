/**
 * Names of compilers as people wrote them: Rust (both manglings) and C++. Go and others write readable names already.
 *
 * For people only, so the forms are plain: no crate hashes, no lifetimes that say nothing. What is not understood in
 * full stays as it is.
 */
import { demangleItanium } from './itanium.ts';
import { demangleRustLegacy } from './rust-legacy.ts';
import { demangleRustV0 } from './rust-v0.ts';

/** Longest symbol that is looked at. SAFETY: bounds the time and the size of the result. */
const MAX_SYMBOL = 4096;

/**
 * A name in readable form; the same name when it is not mangled, or in a way that is not known.
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
