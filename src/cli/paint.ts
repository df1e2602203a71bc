/**
 * Colours of a terminal. `FORCE_COLOR` and `NO_COLOR` mean what they mean to Node: the first wins, 0 and false switch
 * colours off, and without either, a terminal has colours unless it is a dumb one.
 */

/** Texts in colours, or unchanged. */
export interface Paint {
  readonly error: (text: string) => string;
  readonly heading: (text: string) => string;
  readonly faint: (text: string) => string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const hasColours = (isTerminal: boolean, environment: Environment): boolean => {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = environment;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && !refused && terminal !== 'dumb';
};

const style =
  (codes: string) =>
  (text: string): string =>
    `\u001b[${codes}m${text}\u001b[0m`;
const plain = (text: string): string => text;

/** The paint for texts of a stream. */
export const paintOf = (
  { isTTY = false }: { readonly isTTY?: boolean | undefined },
  environment: Environment,
): Paint =>
  hasColours(isTTY, environment)
    ? { error: style('1;31'), heading: style('1'), faint: style('2') }
    : { error: plain, heading: plain, faint: plain };
