//! The one look-up before a batch (P3). Prepared statements in loops: each is a seek or two.

use std::collections::hash_map::Entry;

use blendline_cases::Case;
use blendline_core::rows::Conversation;
use blendline_wire::{AccountId, ContactKey, OutboundId};
use rusqlite::Connection;

use super::readers::{collect, first, parse};
use super::{fault, register};
use crate::adapters::columns::{contact_bytes, rows, sql, unsql};
use crate::adapters::sqlite::{external, improvements, judgements, ledger};
use crate::ports::store::{Found, MATTER_CASES_MAX, StoreError, Wanted};

/// Looks everything up; `days` are those that have duplicate keys, newest first.
pub(super) fn prefetch(connection: &Connection, wanted: &Wanted, days: &[i64]) -> Result<Found, StoreError> {
    let mut found = Found::default();
    for key in &wanted.keys {
        if let Some(value) = known_key(connection, key, days)? {
            found.keys.insert(*key, value);
        }
    }
    for hash in &wanted.addresses {
        let contact = first(connection, "SELECT contact FROM addresses WHERE hash = ?1", [hash], |row| {
            Ok(ContactKey(u128::from_be_bytes(row.get(0).map_err(|error| fault(&error))?)))
        })?;
        let Some(contact) = contact else { continue };
        found.contacts.insert(*hash, contact);
        latest_closed(connection, contact, &mut found)?;
    }
    for name in &wanted.external {
        reported(connection, name, &mut found)?;
    }
    for name in &wanted.answered {
        if let Some(contact) = reported(connection, name, &mut found)? {
            latest_closed(connection, contact, &mut found)?;
        }
    }
    for id in &wanted.outbound {
        outbound(connection, *id, &mut found)?;
    }
    for id in &wanted.conversations {
        let query = "SELECT body FROM conversations WHERE id = ?1 AND open = 0";
        if let Some(conversation) = first(connection, query, [sql(id.0)], |row| parse(row, 0))? {
            let conversation: Conversation = conversation;
            latest_closed(connection, conversation.contact, &mut found)?;
            found.conversations.insert(*id, conversation);
        }
    }
    for entry in register::entries(connection, &wanted.entries)? {
        found.entries.insert(entry.key, entry);
    }
    for id in &wanted.cases {
        case(connection, "SELECT body FROM cases WHERE id = ?1", id.0.to_be_bytes(), &mut found)?;
    }
    for task in &wanted.case_tasks {
        case(connection, "SELECT body FROM cases WHERE task = ?1", sql(task.0), &mut found)?;
    }
    for matter in &wanted.case_matters {
        let query = "SELECT body FROM cases WHERE matter = ?1 AND open = 1 ORDER BY id LIMIT ?2";
        let cases: Vec<Case> =
            collect(connection, query, (sql(matter.0), rows(MATTER_CASES_MAX)), |row| parse(row, 0))?;
        found.cases.extend(cases.into_iter().map(|case| (case.id, case)));
    }
    for (tenant, reference) in &wanted.externals.references {
        for id in external::bearing(connection, *tenant, reference)? {
            case(connection, "SELECT body FROM cases WHERE id = ?1", id.0.to_be_bytes(), &mut found)?;
        }
    }
    found.externals = external::held(connection, &wanted.externals)?;
    found.judgements = judgements::judgements(connection, &wanted.judgements)?;
    found.improvements = improvements::some(connection, &wanted.improvements)?;
    found.lines = ledger::lines(connection, &wanted.lines)?;
    Ok(found)
}

fn case(connection: &Connection, query: &str, by: impl rusqlite::ToSql, found: &mut Found) -> Result<(), StoreError> {
    let case: Option<Case> = first(connection, query, [by], |row| parse(row, 0))?;
    if let Some(contact) = case.as_ref().and_then(|case| case.links.contact) {
        latest_closed(connection, contact, found)?;
    }
    found.cases.extend(case.map(|case| (case.id, case)));
    Ok(())
}

/// A message of ours by the platform's id, and whom it went to. Its row too, so that there is no second look-up.
fn reported(
    connection: &Connection,
    (account, external): &(AccountId, String),
    found: &mut Found,
) -> Result<Option<ContactKey>, StoreError> {
    let id = first(
        connection,
        "SELECT id FROM outbound WHERE account = ?1 AND external_id = ?2 ORDER BY id DESC LIMIT 1",
        (sql(account.0), external.as_bytes()),
        |row| row.get(0).map(|id| OutboundId(unsql(id))).map_err(|error| fault(&error)),
    )?;
    let Some(id) = id else { return Ok(None) };
    found.external.insert((*account, external.clone()), id);
    outbound(connection, id, found)?;
    Ok(found.outbound.get(&id).map(|row| row.contact))
}

fn known_key(connection: &Connection, key: &[u8; 16], days: &[i64]) -> Result<Option<Vec<u8>>, StoreError> {
    for day in days {
        let query = "SELECT value FROM dedup_keys WHERE day = ?1 AND key = ?2";
        let value = first(connection, query, (day, key), |row| row.get(0).map_err(|error| fault(&error)))?;
        if value.is_some() {
            return Ok(value);
        }
    }
    Ok(None)
}

/// The newest conversation of a contact, unless it is open: an open one is the core's.
fn latest_closed(connection: &Connection, contact: ContactKey, found: &mut Found) -> Result<(), StoreError> {
    let query = "SELECT open, body FROM conversations WHERE contact = ?1 ORDER BY id DESC LIMIT 1";
    let latest = first(connection, query, [contact_bytes(contact)], |row| {
        let open: bool = row.get(0).map_err(|error| fault(&error))?;
        if open { Ok(None) } else { parse(row, 1).map(Some) }
    })?;
    found.latest.extend(latest.flatten().map(|row| (contact, row)));
    Ok(())
}

fn outbound(connection: &Connection, id: OutboundId, found: &mut Found) -> Result<(), StoreError> {
    if let Entry::Vacant(place) = found.outbound.entry(id)
        && let Some(row) =
            first(connection, "SELECT body FROM outbound WHERE id = ?1", [sql(id.0)], |row| parse(row, 0))?
    {
        place.insert(row);
    }
    Ok(())
}
