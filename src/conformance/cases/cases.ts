/** TABLE: every case of the kit, in the order of its levels. */
import type { Case } from './case.ts';
import { core } from './core.ts';
import { errors } from './errors.ts';
import { host } from './host.ts';
import { http } from './http.ts';
import { limits } from './limits.ts';
import { init, linking } from './linking.ts';
import { manifests } from './manifest.ts';
import { memory } from './memory.ts';
import { config, logs, variables } from './state.ts';
import { wasiCases } from './wasi.ts';

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
