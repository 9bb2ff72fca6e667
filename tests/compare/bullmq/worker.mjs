// Records a message, its assignment and the reply, and queues the reply.
import { Queue, Worker } from 'bullmq';
import pg from 'pg';
import { connection, env, jobs } from './settings.mjs';

const CONCURRENCY = 64;
const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 16 });
const outbound = new Queue('outbound', { connection, defaultJobOptions: jobs });

// One statement, so one transaction and one round trip; a message that is known already adds nothing.
const RECORD = `
WITH message AS (
    INSERT INTO messages (account, platform_id, contact, body, said_at)
    VALUES ($1, $2, $3, $4, to_timestamp($5))
    ON CONFLICT (account, platform_id) DO NOTHING
    RETURNING id
), assignment AS (
    INSERT INTO assignments (message_id, worker, assigned_at) SELECT id, $6, to_timestamp($7) FROM message
)
INSERT INTO replies (message_id, body) SELECT id, $8 FROM message RETURNING message_id, body`;
// Where a worker died between its commit and its publish, the message comes again and its reply was never queued.
const UNSENT = `
SELECT message_id, replies.body FROM replies JOIN messages ON id = message_id
WHERE account = $1 AND platform_id = $2 AND sent_at IS NULL`;

async function work({ data: { account, number, message } }) {
  const takenAt = Date.now();
  const text = message.text.body;
  const reply = `${text.split(' ')[0]} ${takenAt * 1000} תודה, ההזמנה בדרך`;
  const values = [account, message.id, message.from, text, Number(message.timestamp), `node-${process.pid}`,
    takenAt / 1000, reply];
  let { rows } = await database.query({ name: 'record', text: RECORD, values });
  if (rows.length === 0) {
    ({ rows } = await database.query({ name: 'unsent', text: UNSENT, values: [account, message.id] }));
  }
  if (rows.length === 0) return;
  await outbound.add('reply', { reply: rows[0].message_id, number, to: message.from, text: rows[0].body });
}

new Worker('inbound', work, { connection, concurrency: CONCURRENCY });
