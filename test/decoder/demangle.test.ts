/**
 * Names of Rust and C++ in readable form. The mangled names were made by compilers from the programs that the readable
 * ones show; what is not understood must stay as it is, whatever it is.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { demangle } from '../../src/symbols/demangle/demangle.ts';

const vectors: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Rust, v0': {
    _RNvNtCslqV4mLXambW_1v4shop3run: 'v::shop::run',
    _RNCNvNtCslqV4mLXambW_1v4shop3runs_0B5_: 'v::shop::run::{closure#1}',
    _RINvNtCslqV4mLXambW_1v4shop4pickKj3_hEB4_: 'v::shop::pick::<3, u8>',
    _RINvNtCslqV4mLXambW_1v4shop5applyDINtNtNtCs8NwYtU1Mohg_4core3ops8function2FnTxEEp6OutputxNtNtBD_6marker4SendEL_EB4_:
      'v::shop::apply::<dyn core::ops::function::Fn<(i64,), Output = i64> + core::marker::Send>',
    _RNvXNtCslqV4mLXambW_1v4shopINtB2_4CartmENtB2_5Total5total:
      '<v::shop::Cart<u32> as v::shop::Total>::total',
    _RNvYNCNvNtCslqV4mLXambW_1v4shop3run0INtNtNtCs8NwYtU1Mohg_4core3ops8function6FnOnceTRhEE9call_onceB8_:
      '<v::shop::run::{closure#0} as core::ops::function::FnOnce<(&u8,)>>::call_once',
    _RNSNvYNCNvNtCslqV4mLXambW_1v4shop3runs_0INtNtNtCs8NwYtU1Mohg_4core3ops8function6FnOnceTxEE9call_once6vtableBa_:
      '<v::shop::run::{closure#1} as core::ops::function::FnOnce<(i64,)>>::call_once::{shim:vtable#0}',
    // Written by hand, after the grammar: what the compiler did not happen to use.
    _RINvC1a1fFG_RL0_eRL0_hEuE: "a::f::<for<'a> fn(&'a str, &'a u8)>",
    _RINvC1a1fFUK10system_abiOmPAQcj10_EzE:
      'a::f::<unsafe extern "system-abi" fn(*mut u32, *const [&mut char; 16]) -> !>',
    _RINvC1a1fKb1_Kan8_Kc61_KpE: "a::f::<true, -8, 'a', _>",
    _RNvMs_C1aSe3len: '<[str]>::len',
    _RNvC1au4caf_: 'a::punycode{caf_}',
  },
  'Rust, legacy': {
    _ZN1v4shop3run17he539f3776695978dE: 'v::shop::run',
    _ZN1v4shop3run28_$u7b$$u7b$closure$u7d$$u7d$17hc35c8861ab7d05afE: 'v::shop::run::{{closure}}',
    '_ZN59_$LT$v..shop..Cart$LT$u32$GT$$u20$as$u20$v..shop..Total$GT$5total17heb5d9fe55585ae37E':
      '<v::shop::Cart<u32> as v::shop::Total>::total',
    // As linkers leave it that take it for C++.
    '_$LT$v..shop..Cart$u20$as$u20$v..shop..Total$GT$::total::heb5d9fe55585ae37':
      '<v::shop::Cart as v::shop::Total>::total',
  },
  'C++': {
    _ZN4game12_GLOBAL__N_16hiddenEPFicdERA4_i:
      'game::(anonymous namespace)::hidden(int (*)(char, double), int (&) [4])',
    _ZN4game2goERNS_5BoardIiLi3EEEPKc: 'game::go(game::Board<int, 3>&, char const*)',
    _ZN4game5BoardIiLi3EE3putIJiRilEEEvDpOT_:
      'game::Board<int, 3>::put<int, int&, long>(int&&, int&, long&&)',
    _ZN4game5BoardIiLi3EE3putIJEEEvDpOT_: 'game::Board<int, 3>::put<>()',
    _ZN4game5BoardIiLi3EEC2Ev: 'game::Board<int, 3>::Board()',
    _ZN4game5BoardIiLi3EED1Ev: 'game::Board<int, 3>::~Board()',
    _ZN4game6memberEMNS_5PieceEFiiEMS0_i: 'game::member(int (game::Piece::*)(int), int game::Piece::*)',
    _ZNK4game5BoardIhLi9EE2atEj: 'game::Board<unsigned char, 9>::at(unsigned int) const',
    _ZNK4game5BoardIiLi3EEeqERKS1_: 'game::Board<int, 3>::operator==(game::Board<int, 3> const&) const',
    _ZNO4game5Piece4moveEi: 'game::Piece::move(int) &&',
    _ZZN4game2goERNS_5BoardIiLi3EEEPKcENK3$_0clEi:
      'game::go(game::Board<int, 3>&, char const*)::$_0::operator()(int) const',
    _ZZ4mainENKUliE_clEi: "main::'lambda'(int)::operator()(int) const",
    _ZSt3minIjERKT_S2_S2_: 'std::min<unsigned int>(unsigned int const&, unsigned int const&)',
    _ZNSsC1ERKSs:
      'std::basic_string<char, std::char_traits<char>, std::allocator<char>>::basic_string(std::string const&)',
    _ZThn16_N1A1fEv: 'non-virtual thunk to A::f()',
    '_ZN3net4sendEv.llvm.1234': 'net::send() (.llvm.1234)',
  },
};

const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const base62 = (n: number): string => (n < 62 ? '' : base62(Math.trunc(n / 62))) + digits[n % 62]!;

describe('mangled names', () => {
  for (const [language, names] of Object.entries(vectors)) {
    test(language, () => {
      for (const [mangled, readable] of Object.entries(names)) assert.equal(demangle(mangled), readable);
    });
  }

  test('what is no mangled name, or not understood, stays as it is', () => {
    const others = [
      'main',
      'runtime.gcStart',
      'main.(*Server).handle',
      'assembly/index/greet',
      '_start',
      '_R',
      '_Z',
      '_ZN3foo',
      '_ZN3fooE3', // A length without its name
      '_ZN4llvm10checkedAddIiEENSt9enable_ifIXsr3std9is_signedIT_EE5valueENS_8OptionalIS2_EEE4typeES2_S2_',
      'a::b::h0123', // No hash
      '_RNvC1a', // Cut
      '_RNvB_1a', // A reference to itself
      '_RNvC9999999999999999a',
    ];
    for (const name of others) assert.equal(demangle(name), name);
  });

  test('names that refer to themselves over and over are abandoned', () => {
    // Each type is a pair of the one before: its text doubles.
    const base36 = (n: number): string => n.toString(36).toUpperCase();
    const pairs = (count: number): string =>
      Array.from({ length: count }, (_, i) => `S_IS${base36(i)}_S${base36(i)}_E`).join('');
    assert.match(demangle(`_Z1fSt4pairIiiE${pairs(2)}`), /std::pair<std::pair<std::pair<int, int>, /);
    const doubling = `_Z1fSt4pairIiiE${pairs(33)}`;
    assert.equal(demangle(doubling), doubling);
    // In Rust a reference is a position after the first two characters, less 1.
    let rust = '_RINvC1a1fu';
    for (let i = 0, last = rust.length - 1; i < 33; i++) {
      const back = `B${base62(last - 3)}_`;
      last = rust.length;
      rust += `T${back}${back}E`;
    }
    assert.equal(demangle(`${rust}E`), `${rust}E`);
    assert.match(demangle(`${rust.slice(0, 11)}TB7_B7_ETB8_B8_EE`), /\(\(\(\), \(\)\), \(\(\), \(\)\)\)/);
    const nested = `_Z1f${'P'.repeat(3000)}i`;
    assert.equal(demangle(nested), nested, 'deeper than any real name');
  });

  test('no text is an error, and no name grows without bound', () => {
    const real = Object.values(vectors).flatMap((names) => Object.keys(names));
    const letters = [...new Set(real.join(''))];
    const damaged = fc
      .tuple(
        fc.constantFrom(...real),
        fc.array(fc.tuple(fc.nat(200), fc.constantFrom(...letters)), { maxLength: 4 }),
      )
      .map(([name, changes]) => {
        const characters = [...name];
        for (const [at, letter] of changes) characters[2 + (at % (characters.length - 2))] = letter;
        return characters.join('');
      });
    const invented = fc
      .tuple(fc.constantFrom('_R', '_Z', '_ZN', '_RNv', '_RI'), fc.array(fc.constantFrom(...letters)))
      .map(([start, rest]) => start + rest.join(''));
    fc.assert(
      fc.property(fc.oneof(damaged, invented), (name) => {
        assert.ok(demangle(name).length <= 20_000);
      }),
      { numRuns: 20_000 },
    );
  });
});
