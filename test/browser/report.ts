/** What the test page reports, for both sides of it. */

/** Results of a page. `failure` is null for what holds. */
export interface PageReport {
  readonly checks: readonly { readonly name: string; readonly failure: string | null }[];
  /** Output of each program that was there to run. */
  readonly programs: Readonly<
    Record<string, { readonly stdout: string; readonly exitCode: number | string }>
  >;
}

/** What the page is told. */
export interface PageTask {
  /** A server that may be asked: `/to?u=URL` redirects, `/echo` answers `echo`. */
  readonly allowed: string;
  /** A server that must not be asked unless every host is allowed. */
  readonly foreign: string;
  /** Names of compiled programs, at `/program/NAME`. */
  readonly programs: readonly string[];
}
