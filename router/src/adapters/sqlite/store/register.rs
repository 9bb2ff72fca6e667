//! The register, and the addresses of contacts.

use blendline_wire::{AccountId, ContactKey, Millis, TenantId};
use rusqlite::{Connection, Row};

use super::fault;
use super::readers::{collect, first, parse};
use crate::adapters::columns::{AddressBody, contact_bytes, rows, sql, unsql};
use crate::ports::register::{Entry, Key, Kind};
use crate::ports::store::{KnownAddress, StoreError};

/// The entries of these keys.
pub(super) fn entries(connection: &Connection, keys: &[Key]) -> Result<Vec<Entry>, StoreError> {
    let query = "SELECT key, kind, tenant, at, body FROM register WHERE key = ?1";
    keys.iter().filter_map(|key| first(connection, query, [key], entry).transpose()).collect()
}

/// Entries of a tenant of one kind.
pub(super) fn entries_of(
    connection: &Connection,
    tenant: TenantId,
    kind: Kind,
    after: Option<Key>,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    // An empty key comes before every other.
    let after = after.map_or_else(Vec::new, |key| key.to_vec());
    let query = match kind {
        Kind::Person => {
            "SELECT key, kind, tenant, at, body FROM register WHERE tenant = ?1 AND kind = ?2 AND key > ?3
             ORDER BY key LIMIT ?4"
        }
        // Said in the words of the index, which has no persons.
        Kind::Consent
        | Kind::Media
        | Kind::File
        | Kind::Account
        | Kind::Notice
        | Kind::Note
        | Kind::Mention
        | Kind::Awaited
        | Kind::Handover
        | Kind::CaseEvent
        | Kind::ExternalPlace
        | Kind::Synced
        | Kind::Profile
        | Kind::Passed => {
            "SELECT key, kind, tenant, at, body FROM register
             WHERE kind <> 'person' AND tenant = ?1 AND kind = ?2 AND key > ?3 ORDER BY key LIMIT ?4"
        }
    };
    collect(connection, query, (sql(tenant.0), kind.as_str(), after, rows(limit)), entry)
}

fn entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    let sqlite = |error| fault(&error);
    let name: String = row.get(1).map_err(sqlite)?;
    Ok(Entry {
        key: row.get(0).map_err(sqlite)?,
        kind: Kind::named(&name).ok_or_else(|| StoreError::Corrupt(format!("the register holds a {name:?}")))?,
        tenant: TenantId(unsql(row.get(2).map_err(sqlite)?)),
        at: Millis(unsql(row.get(3).map_err(sqlite)?)),
        body: parse(row, 4)?,
    })
}

/// The addresses of a contact.
pub(super) fn addresses_of(
    connection: &Connection,
    contact: ContactKey,
    limit: usize,
) -> Result<Vec<KnownAddress>, StoreError> {
    // What was said in public is a place without an address.
    let query = "SELECT account, body FROM addresses WHERE contact = ?1 AND body ->> '$.address' <> ''
                 ORDER BY (hash = contact) DESC, seen_at, hash LIMIT ?2";
    collect(connection, query, (contact_bytes(contact), rows(limit)), |row| {
        let account = AccountId(unsql(row.get(0).map_err(|error| fault(&error))?));
        let AddressBody { address, name, .. } = parse(row, 1)?;
        Ok(KnownAddress { account, address, name })
    })
}
