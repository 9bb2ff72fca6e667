//! The one look-up before a batch (P3): up to ten queries, sent together.

use blendline_cases::Case;
use blendline_core::rows::Conversation;
use blendline_wire::{AccountId, ContactKey, OutboundId};
use tokio::try_join;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::connections::{Lent, told};
use super::register;
use super::values::{Body, Hash, Hidden, params, parse};
use crate::adapters::columns::{rows, sql, unsql};
use crate::ports::store::{Found, MATTER_CASES_MAX, StoreError, Wanted};

const KEYS: &str = "SELECT key, value FROM dedup_keys WHERE key = ANY($1) ORDER BY day";
/// With the newest conversation of each contact, unless it is open: an open one is the core's.
const ADDRESSES: &str = "SELECT a.hash, a.contact, c.body FROM addresses a
    LEFT JOIN LATERAL (SELECT open, body FROM conversations WHERE contact = a.contact ORDER BY id DESC LIMIT 1) c
        ON NOT c.open
    WHERE a.hash = ANY($1)";
const EXTERNAL: &str = "SELECT w.n::bigint, o.id, o.body
    FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS w (account, external_id, n)
    CROSS JOIN LATERAL (SELECT id, body FROM outbound
        WHERE account = w.account AND external_id = w.external_id ORDER BY id DESC LIMIT 1) o";
/// With the newest conversation of whom it went to, unless it is open.
const ANSWERED: &str = "SELECT w.n::bigint, o.id, o.body, c.body
    FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS w (account, external_id, n)
    CROSS JOIN LATERAL (SELECT id, contact, body FROM outbound
        WHERE account = w.account AND external_id = w.external_id ORDER BY id DESC LIMIT 1) o
    LEFT JOIN LATERAL (SELECT open, body FROM conversations WHERE contact = o.contact ORDER BY id DESC LIMIT 1) c
        ON NOT c.open";
const OUTBOUND: &str = "SELECT id, body FROM outbound WHERE id = ANY($1)";
/// With the newest of the same contact, unless it is open.
const CONVERSATIONS: &str = "SELECT b.id, b.body, c.body FROM conversations b
    LEFT JOIN LATERAL (SELECT open, body FROM conversations WHERE contact = b.contact ORDER BY id DESC LIMIT 1) c
        ON NOT c.open
    WHERE b.id = ANY($1) AND NOT b.open";
/// With the newest conversation of the case's contact, unless it is open. A case keeps its contact as bytes.
const CASES: &str = "SELECT k.body, c.body FROM cases k
    LEFT JOIN LATERAL (SELECT open, body FROM conversations
        WHERE contact = encode(k.contact, 'hex')::uuid ORDER BY id DESC LIMIT 1) c ON NOT c.open
    WHERE k.id = ANY($1)";
/// Those that ever bore a reference; open ones first.
const CASE_REFERENCES: &str = "SELECT k.body, c.body
    FROM unnest($1::bigint[], $2::text[]) AS w (tenant, reference)
    CROSS JOIN LATERAL (SELECT k.body, k.contact FROM case_references r JOIN cases k ON k.id = r.case_id
        WHERE r.tenant = w.tenant AND r.reference = w.reference
        ORDER BY k.open DESC, k.opened_at DESC LIMIT 32) k
    LEFT JOIN LATERAL (SELECT open, body FROM conversations
        WHERE contact = encode(k.contact, 'hex')::uuid ORDER BY id DESC LIMIT 1) c ON NOT c.open";
const CASE_TASKS: &str = "SELECT k.body, c.body FROM cases k
    LEFT JOIN LATERAL (SELECT open, body FROM conversations
        WHERE contact = encode(k.contact, 'hex')::uuid ORDER BY id DESC LIMIT 1) c ON NOT c.open
    WHERE k.task = ANY($1)";
const CASE_MATTERS: &str = "SELECT k.body FROM unnest($1::bigint[]) AS w (matter)
    CROSS JOIN LATERAL (SELECT body FROM cases WHERE matter = w.matter AND open ORDER BY id LIMIT $2) k";

/// Looks everything up.
pub(super) async fn prefetch(lent: &Lent<'_>, wanted: &Wanted) -> Result<Found, StoreError> {
    let keys: Vec<_> = wanted.keys.iter().map(|key| Hash(*key)).collect();
    let addresses: Vec<_> = wanted.addresses.iter().map(|hash| Hash(*hash)).collect();
    let (accounts, externals) = named(&wanted.external);
    let (answered_by, answers) = named(&wanted.answered);
    let outbound: Vec<_> = wanted.outbound.iter().map(|id| sql(id.0)).collect();
    let conversations: Vec<_> = wanted.conversations.iter().map(|id| sql(id.0)).collect();
    let entries: Vec<_> = wanted.entries.iter().map(|key| Hash(*key)).collect();
    let cases: Vec<_> = wanted.cases.iter().map(|id| Hash(id.0.to_be_bytes())).collect();
    let case_tasks: Vec<_> = wanted.case_tasks.iter().map(|task| sql(task.0)).collect();
    let case_matters: Vec<_> = wanted.case_matters.iter().map(|matter| sql(matter.0)).collect();
    let most = rows(MATTER_CASES_MAX);
    let (owners, references): (Vec<i64>, Vec<&str>) =
        wanted.externals.references.iter().map(|(tenant, text)| (sql(tenant.0), text.as_str())).unzip();
    let (keys, addresses, external, answered, outbound, conversations, entries, cases, of_tasks, of_matters, bearing) =
        try_join!(
            ask(lent, KEYS, params(&[&keys]), keys.len()),
            ask(lent, ADDRESSES, params(&[&addresses]), addresses.len()),
            ask(lent, EXTERNAL, params(&[&accounts, &externals]), externals.len()),
            ask(lent, ANSWERED, params(&[&answered_by, &answers]), answers.len()),
            ask(lent, OUTBOUND, params(&[&outbound]), outbound.len()),
            ask(lent, CONVERSATIONS, params(&[&conversations]), conversations.len()),
            ask(lent, register::ENTRIES, params(&[&entries]), entries.len()),
            ask(lent, CASES, params(&[&cases]), cases.len()),
            ask(lent, CASE_TASKS, params(&[&case_tasks]), case_tasks.len()),
            ask(lent, CASE_MATTERS, params(&[&case_matters, &most]), case_matters.len()),
            ask(lent, CASE_REFERENCES, params(&[&owners, &references]), references.len()),
        )?;
    let mut found = Found::default();
    for row in keys {
        let Hash(key) = told(row.try_get(0))?;
        // The newest day comes last and wins.
        found.keys.insert(key, told(row.try_get(1))?);
    }
    for row in addresses {
        contact(&row, &mut found)?;
    }
    for row in external {
        reported(&row, &wanted.external, &mut found)?;
    }
    for row in answered {
        reported(&row, &wanted.answered, &mut found)?;
        latest(&row, 3, &mut found)?;
    }
    for row in outbound {
        found.outbound.insert(OutboundId(unsql(told(row.try_get(0))?)), parse(&row, 1)?);
    }
    for row in conversations {
        let conversation: Conversation = parse(&row, 1)?;
        latest(&row, 2, &mut found)?;
        found.conversations.insert(conversation.id, conversation);
    }
    for row in &entries {
        let entry = register::entry(row)?;
        found.entries.insert(entry.key, entry);
    }
    for row in cases.iter().chain(&of_tasks).chain(&bearing) {
        let case: Case = parse(row, 0)?;
        latest(row, 1, &mut found)?;
        found.cases.insert(case.id, case);
    }
    for row in &of_matters {
        let case: Case = parse(row, 0)?;
        found.cases.insert(case.id, case);
    }
    Ok(found)
}

/// The rows of a query; of one that wants nothing, none, without asking.
async fn ask(
    lent: &Lent<'_>,
    query: &'static str,
    params: Vec<&(dyn ToSql + Sync)>,
    wanted: usize,
) -> Result<Vec<Row>, StoreError> {
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let statement = told(lent.prepare_cached(query).await)?;
    told(lent.query(&statement, &params).await)
}

fn contact(row: &Row, found: &mut Found) -> Result<(), StoreError> {
    let (Hash(hash), Hash(contact)) = (told(row.try_get(0))?, told(row.try_get(1))?);
    let contact = ContactKey(u128::from_be_bytes(contact));
    found.contacts.insert(hash, contact);
    latest(row, 2, found)
}

/// The latest conversation of a contact, where it is not open.
fn latest(row: &Row, column: usize, found: &mut Found) -> Result<(), StoreError> {
    if told(row.try_get::<_, Option<Body<'_>>>(column))?.is_some() {
        let conversation: Conversation = parse(row, column)?;
        found.latest.insert(conversation.contact, conversation);
    }
    Ok(())
}

/// Names of messages by the platform, as two columns.
fn named(names: &[(AccountId, String)]) -> (Vec<i64>, Vec<Hidden<'_>>) {
    names.iter().map(|(account, external)| (sql(account.0), Hidden(external.as_bytes()))).unzip()
}

/// A message of ours by the platform's id; its row too, so that a report of the platform needs no second look-up.
fn reported(row: &Row, wanted: &[(AccountId, String)], found: &mut Found) -> Result<(), StoreError> {
    let n = usize::try_from(told(row.try_get::<_, i64>(0))?).unwrap_or(0);
    let id = OutboundId(unsql(told(row.try_get(1))?));
    if let Some((account, external)) = n.checked_sub(1).and_then(|n| wanted.get(n)) {
        found.external.insert((*account, external.clone()), id);
        found.outbound.insert(id, parse(row, 2)?);
    }
    Ok(())
}
