/** The HTTP side: who asks, what may come in, and what goes out. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { type ErrorCode, isQuernError } from 'quern/errors';
import { writeJob } from 'quern/job';
import type { CallState, Calls } from './calls.ts';
import { type Quotas, type Refusal, refusal } from './quotas.ts';
import { hasHash, type Settings, type Tenant } from './settings.ts';

export interface Parts {
  readonly settings: Settings;
  readonly redis: Redis;
  readonly quotas: Quotas;
  readonly calls: Calls;
  readonly key: string;
}

/** TABLE: status codes of the engine's errors that are no fault of the plug-in. */
const statusCodes: Readonly<Partial<Record<ErrorCode, number>>> = {
  'exhaustion.pool': 503,
  'interrupted.timeout': 504,
  'interrupted.cancelled': 504,
  'host.thread': 500,
  'internal.bug': 500,
  'job.store': 503,
};

const tenants = new WeakMap<FastifyRequest, Tenant>();
const tenantOf = (request: FastifyRequest): Tenant => tenants.get(request)!;
const notFound = (): Error => refusal(404, 'not-found', 'there is no such thing');

const sendError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  if (isQuernError(error)) {
    const { code, message, advice } = error;
    void reply.code(statusCodes[code] ?? 422).send({ code, message, advice });
    return;
  }
  const { statusCode = 500, code = 'error', message } = error as Refusal;
  if (statusCode >= 500) request.log.error(error);
  const answer = statusCode < 500 ? { code, message } : { code: 'error', message: 'the service has failed' };
  void reply.code(statusCode).send(answer);
};

/** Lets a request in whose key is one of a tenant's; all are compared, whichever it is. */
const authorize =
  ({ settings }: Parts) =>
  async (request: FastifyRequest): Promise<void> => {
    const [, key = ''] = /^Bearer (\S{1,200})$/.exec(request.headers.authorization ?? '') ?? [];
    const [tenant] = settings.tenants.filter(({ keyHash }) => hasHash(key, keyHash));
    if (tenant === undefined) throw refusal(401, 'unauthorized', 'send a key: Authorization: Bearer KEY');
    tenants.set(request, tenant);
  };

const fuelSchema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const callSchema = { querystring: { type: 'object', properties: { fuel: fuelSchema } } };

const pluginRoutes = (app: FastifyInstance, { settings, calls }: Parts): void => {
  const { limits } = settings;
  const uploading = new Set<Tenant>();
  app.post<{ Body: Uint8Array | undefined }>(
    '/plugins',
    {
      bodyLimit: limits.moduleBytes,
      // Before the body is read: a tenant uploads one plug-in at a time.
      onRequest: async (request, reply) => {
        const tenant = tenantOf(request);
        if (uploading.has(tenant)) throw refusal(429, 'quota.uploads', 'one upload at a time');
        uploading.add(tenant);
        reply.raw.once('close', () => uploading.delete(tenant));
      },
    },
    async (request, reply) => {
      const bytes = request.body ?? new Uint8Array(0);
      const hash = await calls.addPlugin(tenantOf(request), bytes);
      return reply.code(201).send({ hash, bytes: bytes.length });
    },
  );
  app.delete<{ Params: { hash: string } }>('/plugins/:hash', async (request, reply) => {
    if (!(await calls.removePlugin(tenantOf(request), request.params.hash))) throw notFound();
    return reply.code(204).send();
  });
  for (const kind of ['call', 'jobs'] as const)
    app.post<{ Params: { hash: string; name: string }; Querystring: { fuel?: number }; Body?: Uint8Array }>(
      `/plugins/:hash/${kind}/:name`,
      { bodyLimit: limits.inputBytes, schema: callSchema },
      async (request, reply) => {
        const { hash, name } = request.params;
        const tenant = tenantOf(request);
        const plugin = await calls.plugin(tenant, hash);
        if (plugin === null) throw notFound();
        const { body: input = new Uint8Array(0), query } = request;
        const { fuel = limits.callFuel } = query;
        const given = { modules: { main: hash }, function: name, input, fuel };
        if (kind === 'jobs') return reply.code(202).send(show(await calls.add(tenant, given)));
        const state = await calls.call(tenant, plugin, given);
        return reply.code(state.status === 'paused' ? 504 : 200).send(show(state));
      },
    );
};

const show = (state: CallState): object => ({
  ...state,
  output: `/calls/${state.id}/output`,
  receipts: `/calls/${state.id}/receipts`,
});

const callRoutes = (app: FastifyInstance, { calls, quotas }: Parts): void => {
  const find = async (request: FastifyRequest) => {
    const found = await calls.find(tenantOf(request), (request.params as { readonly id: string }).id);
    if (found === null) throw notFound();
    return found;
  };
  app.get('/usage', (request) => quotas.usage(tenantOf(request)));
  app.get('/calls/:id', async (request) => show((await find(request)).state));
  app.delete('/calls/:id', async (request, reply) => {
    const { state } = await find(request);
    await calls.cancel(tenantOf(request), state.id);
    return reply.code(202).send(show(state));
  });
  app.get('/calls/:id/output', async (request, reply) => {
    const { output } = (await find(request)).job;
    if (output === null) throw notFound();
    return reply
      .type('application/octet-stream')
      .header('x-content-type-options', 'nosniff')
      .send(Buffer.from(output));
  });
  // The whole job without its snapshot: `quern verify PLUGIN FILE --job --key KEY` takes it.
  app.get('/calls/:id/receipts', async (request, reply) => {
    const { job } = await find(request);
    return reply.type('text/plain').send(writeJob({ ...job, state: [] }));
  });
};

/** The queue's own dashboard, for the operator: it shows the jobs of all tenants, and changes none. */
const dashboard = async (app: FastifyInstance, { calls, settings }: Parts): Promise<void> => {
  app.addHook('onRequest', async (request, reply) => {
    const [, given = ''] = /^Basic (\S{1,400})$/.exec(request.headers.authorization ?? '') ?? [];
    const [user, ...password] = Buffer.from(given, 'base64').toString().split(':');
    if (user === 'admin' && hasHash(password.join(':'), settings.adminKeyHash)) return;
    void reply.header('www-authenticate', 'Basic realm="dashboard"');
    throw refusal(401, 'unauthorized', 'user admin, and the password of the dashboard');
  });
  const serverAdapter = new FastifyAdapter();
  createBullBoard({ queues: [new BullMQAdapter(calls.queue, { readOnlyMode: true })], serverAdapter });
  serverAdapter.setBasePath('/dashboard');
  await app.register(serverAdapter.registerPlugin());
};

export const createServer = async (parts: Parts): Promise<FastifyInstance> => {
  const { settings, redis, key } = parts;
  const app = fastify({ logger: { level: 'warn' }, requestTimeout: 60_000, forceCloseConnections: true });
  app.setErrorHandler(sendError);
  app.get('/key', async () => ({ key }));
  await app.register(async (api) => {
    api.addHook('onRequest', authorize(parts));
    const max = settings.limits.requestsPerMinute;
    await api.register(rateLimit, { max, redis, keyGenerator: (request) => tenantOf(request).name });
    // Every body is bytes. Fastify stops reading where bodyLimit is passed.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    pluginRoutes(api, parts);
    callRoutes(api, parts);
  });
  await app.register((board) => dashboard(board, parts), { prefix: '/dashboard' });
  return app;
};
