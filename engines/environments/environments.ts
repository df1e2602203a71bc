/** TABLE: environments, and how the program is run in each. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../test/shared.ts';
import { type BrowserKind, type BrowserPlace, runInBrowser } from './browsers.ts';
import { type Kit, MARK } from './kit.ts';
import { installed, type NodeName, nodes, onPath } from './places.ts';

/** How long the program may run. */
const TIMEOUT_MS = 300_000;

export interface Environment {
  readonly group: string;
  readonly title: string;
  /** Runs the program. @returns what it writes; null if the environment is absent */
  readonly run: (kit: Kit) => Promise<string> | null;
  /** Where to get it. */
  readonly source: string;
  /** Whether it is one of those that run at each change. */
  readonly isFast?: boolean;
  /** What the embedder must know or do there. */
  readonly note?: string;
}

const npmSource = 'npm run matrix -- --install';

interface Command {
  readonly program: string | null;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a command; what it writes to both streams, however it ends. */
const runCommand = ({ program, args, env, cwd = root }: Command): Promise<string> | null => {
  if (program === null) return null;
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: TIMEOUT_MS, maxBuffer: 1 << 26 };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const how = error === null ? '' : `ended with ${error.signal ?? error.code}`;
      resolve(`${stdout}\n${stderr}\n${how}`);
    });
  });
};

type NodeMode = readonly [title: string, flags: (name: NodeName, kit: Kit) => readonly string[]];
const nodeModes: readonly NodeMode[] = [
  ['', () => []],
  ['--jitless', () => ['--jitless']],
  [
    '--permission',
    (name, { folder }) => [
      name === 'node20' ? '--experimental-permission' : '--permission',
      `--allow-fs-read=${folder}/*`,
    ],
  ],
  ['--disallow-code-generation-from-strings', () => ['--disallow-code-generation-from-strings']],
];

const nodeRows = Object.keys(nodes).flatMap((key) => {
  const name = key as NodeName;
  return nodeModes.map(
    ([title, flags]): Environment => ({
      group: `Node ${nodes[name]}`,
      title,
      run: (kit) =>
        runCommand({ program: installed(name, 'bin/node'), args: [...flags(name, kit), kit.program] }),
      source: npmSource,
      isFast: true,
    }),
  );
});

const guest =
  (kind: string, ...file: readonly string[]) =>
  (kit: Kit) => {
    const packageFile = installed(...file);
    const args = [join(root, 'build/engines/environments/guests.js'), kind, packageFile ?? '', kit.script];
    const program = kind === 'isolate' ? installed('node24', 'bin/node') : process.execPath;
    // What isolated-vm requires of Node.
    const flags = kind === 'isolate' ? ['--no-node-snapshot'] : [];
    return runCommand({ program: packageFile === null ? null : program, args: [...flags, ...args] });
  };

const WORKERD_PORT = 18_431;
/** A worker that answers one request with the program's report. */
const runWorkerd = (kit: Kit): Promise<string> | null => {
  const program = installed('@cloudflare/workerd-linux-64', 'bin/workerd');
  if (program === null) return null;
  const worker = `import { plugins, probe } from './module.js';
export default { fetch: async () => new Response(${JSON.stringify(MARK)} + JSON.stringify(await probe(plugins))) };\n`;
  writeFileSync(join(kit.folder, 'worker.js'), worker);
  const config = join(kit.folder, 'workerd.capnp');
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [
      (name = "worker.js", esModule = embed "worker.js"),
      (name = "module.js", esModule = embed "module.js")
    ],
    compatibilityDate = "2025-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${WORKERD_PORT}", http = (), service = "main")]
);\n`,
  );
  return (async () => {
    const server = execFile(program, ['serve', config], { cwd: kit.folder });
    let errors = '';
    server.stderr?.on('data', (text: string) => {
      errors += text;
    });
    const exited = once(server, 'exit');
    try {
      for (let tries = 0; tries < 50; tries++) {
        await new Promise((resolve) => {
          setTimeout(resolve, 200);
        });
        const answer = await fetch(`http://127.0.0.1:${WORKERD_PORT}/`).catch(() => null);
        if (answer !== null) return `${await answer.text()}\n${errors}`;
      }
      return `no answer\n${errors}`;
    } finally {
      server.kill();
      await exited;
    }
  })();
};

const browserRow = (kind: BrowserKind, title: string, place: BrowserPlace): Environment => ({
  group: title,
  title: place,
  run: (kit) => {
    const path = onPath(kind) ?? onPath(`${kind}-esr`);
    if (path === null) return null;
    return runInBrowser(kit, kind, path, place, TIMEOUT_MS).then(
      (json) => MARK + json,
      (error: unknown) => String(error),
    );
  },
  source: `Debian: ${kind}`,
});
const places: readonly BrowserPlace[] = ['page', 'worker', 'service worker'];

const shell = (
  group: string,
  title: string,
  find: () => string | null,
  options: {
    args?: readonly string[];
    env?: Readonly<Record<string, string>>;
    source: string;
    isEs5?: boolean;
  },
): Environment => ({
  group,
  title,
  run: (kit) =>
    runCommand({
      program: find(),
      args: [...(options.args ?? []), options.isEs5 ? kit.script5 : kit.script],
      ...(options.env && { env: options.env }),
    }),
  source: options.source,
});

export const environments: readonly Environment[] = [
  ...nodeRows,
  {
    group: 'Bun',
    title: '',
    run: (kit) =>
      runCommand({
        program: installed('@oven/bun-linux-x64', 'bin/bun'),
        args: ['run', kit.program],
        cwd: kit.folder,
      }),
    source: npmSource,
  },
  {
    group: 'Deno',
    title: 'no permissions',
    run: (kit) =>
      runCommand({
        program: installed('@deno/linux-x64-glibc', 'deno'),
        args: ['run', '--no-prompt', '--no-remote', kit.program],
        cwd: kit.folder,
      }),
    source: npmSource,
  },
  { group: 'workerd', title: '', run: runWorkerd, source: npmSource },
  {
    group: '@edge-runtime/vm',
    title: 'no code from text, no Wasm',
    run: guest('edge', '@edge-runtime/vm', 'dist/index.js'),
    source: npmSource,
  },
  {
    group: 'isolated-vm',
    title: '',
    run: guest('isolate', 'isolated-vm', 'isolated-vm.js'),
    source: npmSource,
  },
  {
    group: 'SES',
    title: 'a compartment',
    note: 'compartments have neither `Float32Array` nor `Float64Array`, since the bits of a NaN can carry messages. The engine computes with them, and writes only one NaN: pass both with the globals of the compartment. There is also no clock, which most plug-ins with WASI need: pass `Date`, pass your own platform, or use the option `deterministic`.',
    run: guest('compartment', 'ses', 'dist/ses.cjs'),
    source: npmSource,
  },
  ...places.map((place) => browserRow('chromium', 'Chromium', place)),
  ...places.map((place) => browserRow('firefox', 'Firefox', place)),
  shell('JavaScriptCore', '', () => onPath('jsc'), { source: 'Debian: libjavascriptcoregtk-4.0-bin' }),
  shell('JavaScriptCore', 'no JIT', () => onPath('jsc'), {
    env: { JSC_useJIT: '0' },
    source: 'Debian: libjavascriptcoregtk-4.0-bin',
  }),
  shell('SpiderMonkey of gjs', '', () => onPath('gjs'), { source: 'Debian: gjs' }),
  shell('Hermes 0.12', 'lowered to ES5', () => installed('hermes-engine-cli', 'linux64-bin/hermes'), {
    args: ['-O', '-w'],
    source: npmSource,
    isEs5: true,
  }),
  shell('QuickJS of quickjs-emscripten', '', () => process.execPath, {
    args: ['--stack-size=3900', join(root, 'build/engines/quickjs.js'), root],
    source: 'a development dependency',
  }),
];
