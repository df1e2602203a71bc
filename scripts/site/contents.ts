/**
 * TABLE: the pages of the site, in the order of its menu. Each is a page of the repository; `test/documents/site.test.ts`
 * says that none is missing.
 */

/** A page of the repository, by its path, and what the menu calls it. */
type Entry = readonly [file: string, title: string];
/** A group of the menu, and the folder of its pages on the site. */
interface Chapter {
  readonly title: string;
  readonly folder: string;
  readonly pages: readonly Entry[];
}

export const contents: readonly Chapter[] = [
  {
    title: 'Start',
    folder: 'guides',
    pages: [
      ['docs/guides/getting-started.md', 'Getting started'],
      ['docs/guides/writing-plugins.md', 'Writing a plug-in'],
      ['docs/guides/host-functions.md', 'Host functions'],
      ['docs/guides/limits-and-fuel.md', 'Limits and fuel'],
      ['docs/guides/troubleshooting.md', 'Troubleshooting'],
    ],
  },
  {
    title: 'Environments',
    folder: 'guides',
    pages: [
      ['docs/guides/browsers.md', 'Browsers and strict policies'],
      ['docs/guides/edge-workers.md', 'Edge workers'],
      ['docs/guides/react-native.md', 'React Native and Hermes'],
      ['docs/guides/deno-and-bun.md', 'Deno and Bun'],
      ['docs/guides/multi-tenant.md', 'Multi-tenant services'],
    ],
  },
  {
    title: 'In depth',
    folder: 'guides',
    pages: [
      ['docs/guides/engine.md', 'The engine alone'],
      ['docs/guides/compiling.md', 'Compiling'],
      ['docs/guides/debugging.md', 'Debugging and profiling'],
      ['docs/guides/snapshots.md', 'Snapshots, recordings, jobs'],
      ['docs/guides/conformance.md', 'Testing a host of your own'],
      ['docs/guides/versions.md', 'Versions and stability'],
    ],
  },
  {
    title: 'Reference',
    folder: 'reference',
    pages: [
      ['README.md', 'Overview'],
      ['docs/options.md', 'Options'],
      ['docs/api.md', 'Exports'],
      ['docs/cli.md', 'Command line'],
      ['docs/manifest.md', 'Manifest'],
      ['docs/errors.md', 'Errors'],
      ['docs/limits.md', 'Limits'],
      ['docs/metering.md', 'Metering'],
      ['docs/instructions.md', 'Instructions'],
      ['docs/determinism.md', 'Determinism'],
      ['docs/environments.md', 'Environments'],
      ['docs/migrating.md', 'From @extism/extism'],
    ],
  },
  {
    title: 'Parts',
    folder: 'reference',
    pages: [
      ['docs/wasi.md', 'WASI'],
      ['docs/snapshots.md', 'Snapshots'],
      ['docs/replay.md', 'Recordings'],
      ['docs/jobs.md', 'Jobs'],
      ['packages/bullmq/README.md', 'Jobs on BullMQ'],
      ['packages/pg-boss/README.md', 'Jobs on pg-boss'],
      ['packages/threads/README.md', 'Pools on threads'],
      ['docs/service.md', 'Service'],
      ['docs/compiling.md', 'Compiled code'],
      ['docs/debugging.md', 'Debugger'],
      ['docs/profiling.md', 'Profiles'],
      ['docs/playground.md', 'Playground'],
      ['docs/text.md', 'Text format'],
      ['docs/threads.md', 'Threads'],
      ['docs/webassembly.md', 'JavaScript API'],
      ['docs/conformance.md', 'Conformance'],
      ['docs/conformance-kit.md', 'Conformance kit'],
      ['docs/benchmarks.md', 'Benchmarks'],
    ],
  },
  {
    title: 'Project',
    folder: 'project',
    pages: [
      ['ARCHITECTURE.md', 'Architecture'],
      ['RATIONALE.md', 'Rationale'],
      ['SECURITY.md', 'Security'],
      ['CONTRIBUTING.md', 'Contributing'],
      ['CODE_OF_CONDUCT.md', 'Code of conduct'],
      ['CHANGELOG.md', 'Changes'],
      ['examples/README.md', 'Example plug-ins'],
      ['docs/trial.md', "A stranger's trial"],
    ],
  },
];

/** The last part of the address of a page. */
const nameOf = (file: string, title: string): string => {
  const own = file.split('/').at(-1)!.replace(/\.md$/, '');
  // Pages of folders have no name of their own.
  return (own === 'README' ? title : own).toLowerCase().replace(/[\s_]+/g, '-');
};

/** Paths of the pages in the repository → their paths on the site, with `.md`. */
export const sitePaths: ReadonlyMap<string, string> = new Map(
  contents.flatMap(({ folder, pages }) =>
    pages.map(([file, title]) => [file, `${folder}/${nameOf(file, title)}.md`] as const),
  ),
);
