/** TABLE: every case of the kit, in the order of its levels. */
import type { Case } from './case.ts';
import { core } from './cases/core.ts';
import { errors } from './cases/errors.ts';
import { host } from './cases/host.ts';
import { http } from './cases/http.ts';
import { limits } from './cases/limits.ts';
import { init, linking } from './cases/linking.ts';
import { manifests } from './cases/manifest.ts';
import { memory } from './cases/memory.ts';
import { config, logs, variables } from './cases/state.ts';
import { wasiCases } from './cases/wasi.ts';

export const cases: readonly Case[] = [
  ...core,
  ...memory,
  ...host,
  ...variables,
  ...config,
  ...logs,
  ...errors,
  ...linking,
  ...init,
  ...manifests,
  ...limits,
  ...http,
  ...wasiCases,
];
