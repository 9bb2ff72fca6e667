//! The statement of each table: one for all its rows of a batch, a column per parameter.

use tokio_postgres::types::ToSql;

use super::tables::Tables;

/// A statement and its parameters.
pub(super) type Statement<'a> = (&'static str, Vec<&'a (dyn ToSql + Sync)>);

const SETTINGS: &str = "INSERT INTO settings (shard, kind, id, body)
    SELECT $1, rows.* FROM unnest($2::text[], $3::bigint[], $4::text[]) AS rows
    ON CONFLICT (shard, kind, id) DO UPDATE SET body = excluded.body";
const SETTINGS_REMOVED: &str = "DELETE FROM settings USING unnest($2::text[], $3::bigint[]) AS gone (kind, id)
    WHERE settings.shard = $1 AND settings.kind = gone.kind AND settings.id = gone.id";
const WORKERS: &str =
    "INSERT INTO workers (shard, id, body) SELECT $1, rows.* FROM unnest($2::bigint[], $3::text[]) AS rows
    ON CONFLICT (shard, id) DO UPDATE SET body = excluded.body";
const WORKERS_REMOVED: &str = "DELETE FROM workers WHERE shard = $1 AND id = ANY($2)";
const CONVERSATIONS: &str = "INSERT INTO conversations
        (shard, id, tenant, account, contact, state, open, confirm_until, body)
    SELECT $1, rows.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::boolean[],
        $8::bigint[], $9::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open,
        confirm_until = excluded.confirm_until, body = excluded.body";
const TASKS: &str = "INSERT INTO tasks (shard, id, tenant, queue, matter, worker, open, side, state, body)
    SELECT $1, rows.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::boolean[],
        $8::text[], $9::text[], $10::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET queue = excluded.queue, side = excluded.side, worker = excluded.worker,
        matter = excluded.matter, state = excluded.state, open = excluded.open, body = excluded.body";
// The content is written once, with the first row; later rows bring none. So with the platform's id.
const OUTBOUND: &str = "INSERT INTO outbound
        (shard, id, tenant, account, contact, state, open, external_id, content, body)
    SELECT $1, rows.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::boolean[],
        $8::bytea[], $9::text[], $10::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open,
        external_id = coalesce(excluded.external_id, outbound.external_id),
        content = coalesce(outbound.content, excluded.content), body = excluded.body";
const SENT: &str = "UPDATE outbound SET external_id = sent.external_id
    FROM unnest($1::bigint[], $2::bytea[]) AS sent (id, external_id) WHERE outbound.id = sent.id";
const MESSAGES: &str = "INSERT INTO messages (transcript, seq, tenant, task, at, author, worker, outbound, body)
    SELECT rows.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
        $7::bigint[], $8::bigint[], $9::text[]) AS rows";
const EVENTS: &str = "INSERT INTO events (shard, tenant, id, at, matter, body)
    SELECT $1, rows.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) AS rows";
const KEYS: &str =
    "INSERT INTO dedup_keys (day, key, value) SELECT $1, rows.* FROM unnest($2::uuid[], $3::bytea[]) AS rows
    ON CONFLICT DO NOTHING";
const ADDRESSES: &str = "INSERT INTO addresses (seen_at, hash, contact, tenant, account, body)
    SELECT $1, rows.* FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[]) AS rows
    ON CONFLICT (hash) DO UPDATE SET contact = excluded.contact, seen_at = excluded.seen_at, body = excluded.body";
const REGISTER: &str = "INSERT INTO register (key, kind, tenant, at, body)
    SELECT rows.* FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) AS rows
    ON CONFLICT (key) DO UPDATE SET at = excluded.at, body = excluded.body";
const CASES: &str = "INSERT INTO cases
        (shard, id, tenant, case_type, stage, contact, matter, task, owner, open, opened_at, due_at, look_at, promise_due,
         body)
    SELECT $1, rows.* FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::boolean[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
        $15::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, contact = excluded.contact, matter = excluded.matter,
        task = excluded.task, owner = excluded.owner, open = excluded.open, due_at = excluded.due_at,
        look_at = excluded.look_at, promise_due = excluded.promise_due, body = excluded.body";
const LINES: &str = "INSERT INTO decisions (shard, decision, line, tenant, at, kind, action, currency, minor, asker, holder,
        second_holder, contact, approval, body)
    SELECT $1, rows.* FROM unnest($2::uuid[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
        $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bytea[], $14::bigint[], $15::text[]) AS rows";
const REFERENCES: &str = "INSERT INTO case_references (tenant, case_id, reference)
    SELECT rows.* FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS rows ON CONFLICT DO NOTHING";
const EXTERNALS: &str = "INSERT INTO external_events (shard, id, place, tenant, due_at, system, body)
    SELECT $1, rows.* FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, body = excluded.body";
const JUDGEMENTS: &str = "INSERT INTO judgements (shard, id, tenant, at, kind, worker, judge, task, open, body)
    SELECT $1, rows.* FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::boolean[], $10::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET judge = excluded.judge, task = excluded.task, open = excluded.open,
        body = excluded.body";
const EXTERNALS_REMOVED: &str = "DELETE FROM external_events WHERE id = ANY($1)";
const IMPROVEMENTS: &str = "INSERT INTO improvements
        (shard, id, of_group, tenant, owner, author, look_at, status, source, body)
    SELECT $1, rows.* FROM unnest($2::uuid[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::text[], $9::text[], $10::text[]) AS rows
    ON CONFLICT (id) DO UPDATE SET of_group = excluded.of_group, owner = excluded.owner, author = excluded.author,
        look_at = excluded.look_at, status = excluded.status, body = excluded.body";
const QUARANTINE: &str = "INSERT INTO quarantine (tenant, account, channel, at, cause, raw)
    SELECT rows.* FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[]) AS rows";
const JOURNAL: &str = "INSERT INTO journal (day, shard, epoch, batch, now, inputs) VALUES ($1, $2, $3, $4, $5, $6)";

/// The statements that have something to write.
pub(super) fn statements<'a>(tables: &'a Tables<'_>) -> Vec<Statement<'a>> {
    let Tables { shard, day, now, epoch, batch, journal, settings, workers, sent, keys, .. } = tables;
    let Tables { conversations: c, tasks: t, outbound: o, messages: m, events: e, addresses: a, quarantine: q, .. } =
        tables;
    let (r, k, l) = (&tables.entries, &tables.cases, &tables.lines);
    let (b, x, j) = (&tables.references, &tables.externals, &tables.judgements);
    let i = &tables.improvements;
    let all: [(usize, &'static str, &[&'a (dyn ToSql + Sync)]); 22] = [
        (settings.put.1.len(), SETTINGS, &[shard, &settings.put.0, &settings.put.1, &settings.put.2]),
        (settings.removed.1.len(), SETTINGS_REMOVED, &[shard, &settings.removed.0, &settings.removed.1]),
        (workers.put.0.len(), WORKERS, &[shard, &workers.put.0, &workers.put.1]),
        (workers.removed.len(), WORKERS_REMOVED, &[shard, &workers.removed]),
        (
            c.id.len(),
            CONVERSATIONS,
            &[shard, &c.id, &c.tenant, &c.account, &c.contact, &c.state, &c.open, &c.confirm_until, &c.body],
        ),
        (
            t.id.len(),
            TASKS,
            &[shard, &t.id, &t.tenant, &t.queue, &t.matter, &t.worker, &t.open, &t.side, &t.state, &t.body],
        ),
        (
            o.id.len(),
            OUTBOUND,
            &[shard, &o.id, &o.tenant, &o.account, &o.contact, &o.state, &o.open, &o.external_id, &o.content, &o.body],
        ),
        (sent.0.len(), SENT, &[&sent.0, &sent.1]),
        (
            m.seq.len(),
            MESSAGES,
            &[&m.transcript, &m.seq, &m.tenant, &m.task, &m.at, &m.author, &m.worker, &m.outbound, &m.body],
        ),
        (e.id.len(), EVENTS, &[shard, &e.tenant, &e.id, &e.at, &e.matter, &e.body]),
        (keys.0.len(), KEYS, &[day, &keys.0, &keys.1]),
        (a.hash.len(), ADDRESSES, &[now, &a.hash, &a.contact, &a.tenant, &a.account, &a.body]),
        (r.key.len(), REGISTER, &[&r.key, &r.kind, &r.tenant, &r.at, &r.body]),
        (
            k.id.len(),
            CASES,
            &[
                shard,
                &k.id,
                &k.tenant,
                &k.case_type,
                &k.stage,
                &k.contact,
                &k.matter,
                &k.task,
                &k.owner,
                &k.open,
                &k.opened_at,
                &k.due_at,
                &k.look_at,
                &k.promise_due,
                &k.body,
            ],
        ),
        (
            l.line.len(),
            LINES,
            &[
                shard,
                &l.decision,
                &l.line,
                &l.tenant,
                &l.at,
                &l.kind,
                &l.action,
                &l.currency,
                &l.minor,
                &l.asker,
                &l.holder,
                &l.second_holder,
                &l.contact,
                &l.approval,
                &l.body,
            ],
        ),
        (b.tenant.len(), REFERENCES, &[&b.tenant, &b.case_id, &b.reference]),
        (x.id.len(), EXTERNALS, &[shard, &x.id, &x.place, &x.tenant, &x.due_at, &x.system, &x.body]),
        (x.removed.len(), EXTERNALS_REMOVED, &[&x.removed]),
        (
            j.id.len(),
            JUDGEMENTS,
            &[shard, &j.id, &j.tenant, &j.at, &j.kind, &j.worker, &j.judge, &j.task, &j.open, &j.body],
        ),
        (
            i.id.len(),
            IMPROVEMENTS,
            &[shard, &i.id, &i.group, &i.tenant, &i.owner, &i.author, &i.look_at, &i.status, &i.source, &i.body],
        ),
        (q.at.len(), QUARANTINE, &[&q.tenant, &q.account, &q.channel, &q.at, &q.cause, &q.raw]),
        (1, JOURNAL, &[day, shard, epoch, batch, now, journal]),
    ];
    all.into_iter().filter(|(rows, ..)| *rows > 0).map(|(_, query, params)| (query, params.to_vec())).collect()
}
