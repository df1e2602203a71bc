/** The plug-ins of all cases as text: what the generator assembles and what a report shows. */
import type { Case } from './case.ts';
import { cases } from './cases.ts';
import { expand } from './wat.ts';

/** Key of a module in the table of assembled modules. */
export const moduleKey = ({ id }: Pick<Case, 'id'>, name: string): string => `${id}:${name}`;

/** Every module in the text format. Key = `moduleKey`. */
export const expandCases = (): Record<string, string> =>
  Object.fromEntries(
    cases.flatMap((item) =>
      Object.entries(item.modules).map(([name, source]) => [moduleKey(item, name), expand(source)]),
    ),
  );
