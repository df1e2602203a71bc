/**
 * The anchors of the specification that comments name by `@spec`: one or several, with commas, at the end of a line.
 *
 * An anchor is a label of the specification's sources, or an id of its page on the JavaScript API. The index says
 * on which page of webassembly.github.io each is; the page has a label in lower case, with hyphens instead of dots
 * and underscores. `npm run check:anchors` compares the index with the specification itself.
 */
import { placeOf, projectFiles, proseOf, textOf } from './project-files.ts';

/** Page → the anchors on it, both sorted. The first part of a page names the repository: `spec` or `threads`. */
export const anchorIndex = JSON.parse(textOf('test/documents/spec-anchors.json')) as Readonly<
  Record<string, readonly string[]>
>;

/** The folders whose comments name anchors. */
const isSource = (path: string): boolean =>
  /^(?:src|test|scripts|bench|engines|spec-tests)\/.*\.ts$/.test(path) && !path.startsWith('test/documents/');

const tag = /@spec\b(.*)$/gm;
const anchors = /^ ([A-Za-z][\w.-]*\w(?:, [A-Za-z][\w.-]*\w)*)(?: \*\/)?$/;

export interface AnchorUse {
  readonly anchor: string;
  readonly place: string;
}

/** Every anchor that a comment names; what does not have the form of one comes whole. */
export const anchorUses = (): AnchorUse[] =>
  projectFiles
    .filter(isSource)
    .flatMap(proseOf)
    .flatMap((prose) =>
      [...prose.text.matchAll(tag)].flatMap((match) =>
        (anchors.exec(match[1]!)?.[1] ?? match[1]!)
          .split(', ')
          .map((anchor) => ({ anchor, place: placeOf(prose, match.index) })),
      ),
    );
