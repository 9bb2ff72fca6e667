// Takes WhatsApp webhooks in: checks the signature, queues each message, and answers 200 when Redis has it.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Queue } from 'bullmq';
import fastify from 'fastify';
import { connection, env, jobs } from './settings.mjs';

const secrets = JSON.parse(env.ACCOUNT_SECRETS);
const inbound = new Queue('inbound', { connection, defaultJobOptions: jobs });

const app = fastify({ bodyLimit: 1 << 20 });
// The signature is over the bytes as they came.
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

function signed(secret, body, header) {
  const wanted = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header ?? '');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

app.post('/v1/webhooks/whatsapp_cloud/:account', async (request, reply) => {
  const { account } = request.params;
  const secret = secrets[account];
  if (secret === undefined) return reply.code(404).send();
  if (!signed(secret, request.body, request.headers['x-hub-signature-256'])) return reply.code(401).send();
  const messages = JSON.parse(request.body).entry.flatMap((entry) =>
    entry.changes.flatMap(({ value }) =>
      (value.messages ?? []).map((message) => ({ account, number: value.metadata.phone_number_id, message })),
    ),
  );
  await Promise.all(messages.map((message) => inbound.add('message', message)));
  return { accepted: messages.length };
});

await app.listen({ host: '127.0.0.1', port: Number(env.PORT) });
