// Hands replies to the platform and records what it said.
import { Worker } from 'bullmq';
import pg from 'pg';
import { Pool } from 'undici';
import { connection, env } from './settings.mjs';

const CONCURRENCY = 64;
const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 16 });
const platform = new Pool(env.GRAPH_URL, { connections: CONCURRENCY });
const SENT = 'UPDATE replies SET platform_id = $1, sent_at = now() WHERE message_id = $2';

async function send({ data: { reply, number, to, text } }) {
  const answer = await platform.request({
    method: 'POST',
    path: `/v25.0/${number}/messages`,
    headers: { authorization: `Bearer ${env.GRAPH_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messaging_product: 'whatsapp', to, type: 'text', text: { body: text }, biz_opaque_callback_data: reply,
    }),
  });
  const body = await answer.body.json();
  if (answer.statusCode !== 200) throw new Error(`the platform answered ${answer.statusCode}`);
  await database.query({ name: 'sent', text: SENT, values: [body.messages[0].id, reply] });
}

new Worker('outbound', send, { connection, concurrency: CONCURRENCY });
