//! Values on their way to the database and back. Those of people are never shown: the driver logs parameters at `debug`.

use std::error::Error;
use std::fmt;

use bytes::{BufMut as _, BytesMut};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::connections::told;
use crate::ports::store::StoreError;

/// Text or bytes, bound without a copy or a check (the database checks text).
#[derive(Clone, Copy)]
pub(super) struct Hidden<'a>(pub(super) &'a [u8]);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹{} bytes›", self.0.len())
    }
}

impl ToSql for Hidden<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

/// A hash of 16 bytes.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) struct Hash(pub(super) [u8; 16]);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹hash›")
    }
}

impl ToSql for Hash {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Hash {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }
}

/// A column with a row as JSON, read in place.
pub(super) struct Body<'a>(pub(super) &'a [u8]);

impl<'a> FromSql<'a> for Body<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TEXT
    }
}

/// A column with a row as JSON.
pub(super) fn parse<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, StoreError> {
    let Body(text) = told(row.try_get(column))?;
    // The error names line and column, never the content.
    serde_json::from_slice(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Parameters of different types, as one list.
pub(super) fn params<'a>(params: &[&'a (dyn ToSql + Sync)]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_said_is_not_shown() {
        let shown = format!("{:?} {:?}", vec![Hidden(b"CANARY")], Hash(*b"CANARYCANARYCANA"));
        assert!(!shown.contains("CANARY") && !shown.contains("67"), "{shown}");
    }
}
