//! The register, and the addresses of contacts.

use blendline_wire::{AccountId, Millis, TenantId};
use tokio_postgres::Row;

use super::connections::told;
use super::values::{Hash, parse};
use crate::adapters::columns::{AddressBody, unsql};
use crate::ports::register::{Entry, Kind};
use crate::ports::store::{KnownAddress, StoreError};

/// Entries by their keys.
pub(super) const ENTRIES: &str = "SELECT key, kind, tenant, at, body FROM register WHERE key = ANY($1)";
/// Entries of a tenant of one kind, a page at a time.
pub(super) const fn of_tenant(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => {
            "SELECT key, kind, tenant, at, body FROM register
             WHERE tenant = $1 AND kind = $2 AND key > $3 ORDER BY key LIMIT $4"
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
             WHERE kind <> 'person' AND tenant = $1 AND kind = $2 AND key > $3 ORDER BY key LIMIT $4"
        }
    }
}
/// Addresses of a contact: the one that made it, then as they were seen.
/// What was said in public is a place without an address.
pub(super) const ADDRESSES: &str = "SELECT account, body FROM addresses WHERE contact = $1
    AND body::json ->> 'address' <> '' ORDER BY (hash = contact) DESC, seen_at, hash LIMIT $2";

/// A row of [`ENTRIES`] or [`of_tenant`].
pub(super) fn entry(row: &Row) -> Result<Entry, StoreError> {
    let (Hash(key), name) = (told(row.try_get(0))?, told(row.try_get::<_, &str>(1))?);
    Ok(Entry {
        kind: Kind::named(name).ok_or_else(|| StoreError::Corrupt(format!("the register holds a {name:?}")))?,
        key,
        tenant: TenantId(unsql(told(row.try_get(2))?)),
        at: Millis(unsql(told(row.try_get(3))?)),
        body: parse(row, 4)?,
    })
}

/// A row of [`ADDRESSES`].
pub(super) fn address(row: &Row) -> Result<KnownAddress, StoreError> {
    let AddressBody { address, name, .. } = parse(row, 1)?;
    Ok(KnownAddress { account: AccountId(unsql(told(row.try_get(0))?)), address, name })
}
