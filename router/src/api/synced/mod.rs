//! Customers and orders as other systems have them: put one by one, or many at once.

mod columns;
mod csv;
mod import;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_cases::systems::{FIELDS_MAX, TEXT_CHARS_MAX};
use blendline_rules::fields::Type;
use blendline_wire::event::case::CaseValue;
use blendline_wire::{Pii, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::json::Strict;
use super::problem::{Failure, of_call};
use crate::config::did_you_mean;
use crate::consent::address_of;
use crate::directory::Directory;
use crate::driver::synced::{record_key, version_of};
use crate::handle::{Call, Records, SyncCall, SyncRow};
use crate::profiles::Pointer;

pub use self::import::{ImportReport, ImportWanted, LineFault, import};

/// How many addresses of one kind a customer has.
const ADDRESSES_MAX: usize = 10;

/// A record of another system.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemRecord {
    /// Its version in the system, which only grows: what is older than what is known changes nothing.
    version: u64,
    /// A customer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    name: Option<Pii<String>>,
    /// The segment that a customer belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segment: Option<String>,
    /// The worker who is a customer's agent of record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// A customer's telephone numbers, with their country: by them he is known when he writes. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    phones: Vec<Pii<String>>,
    /// A customer's mail addresses, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    emails: Vec<Pii<String>>,
    /// The customer of an order, as the system calls him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// Where an order stands, in the system's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// What an order comes to: `{"minor": 12990, "currency": "ILS"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    total: Option<CaseValue>,
    /// What else is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    fields: BTreeMap<String, CaseValue>,
}

impl SystemRecord {
    /// The first own field that is of another type than the rules say.
    fn mistyped(&self, types: &BTreeMap<String, Type>) -> Option<(String, String)> {
        let wrong = |(name, value): (&String, &CaseValue)| {
            let (fits, cure) = match types.get(name)? {
                Type::Int => (!matches!(value, CaseValue::Text(_)), "the rules say that it is a number"),
                _ => (matches!(value, CaseValue::Text(_)), "the rules say that it is a text"),
            };
            (!fits).then(|| (format!("/fields/{name}"), cure.to_owned()))
        };
        self.fields.iter().find_map(wrong)
    }

    /// What is wrong with it: where, and what to do.
    fn wrong(&self, records: Records, knows: impl Fn(&str) -> bool) -> Option<(&'static str, String)> {
        let of_customers = [
            ("/name", self.name.is_some()),
            ("/segment", self.segment.is_some()),
            ("/agent", self.agent.is_some()),
            ("/phones", !self.phones.is_empty()),
            ("/emails", !self.emails.is_empty()),
        ];
        let of_orders = [
            ("/customer", self.customer.is_some()),
            ("/state", self.state.is_some()),
            ("/total", self.total.is_some()),
        ];
        let foreign: &[_] = match records {
            Records::Customers => &of_orders,
            Records::Orders => &of_customers,
        };
        if let Some((place, _)) = foreign.iter().find(|(_, is_there)| *is_there) {
            return Some((place, format!("{} have no such field", records.as_str())));
        }
        let name = self.name.as_ref().map(Pii::expose);
        let texts = [
            ("/name", name),
            ("/segment", self.segment.as_ref()),
            ("/customer", self.customer.as_ref()),
            ("/state", self.state.as_ref()),
        ];
        if let Some((place, _)) = texts.into_iter().find(|(_, text)| text.is_some_and(|text| !one_line(text))) {
            return Some((place, format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
        }
        if self.agent.as_ref().is_some_and(|agent| !knows(agent)) {
            return Some(("/agent", "no worker is called so".to_owned()));
        }
        if self.total.as_ref().is_some_and(|total| !matches!(total, CaseValue::Money { .. })) {
            return Some((
                "/total",
                "give whole minor units and the currency: {\"minor\": 12990, \"currency\": \"ILS\"}".into(),
            ));
        }
        let is_phone = |text: &str| (7..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_mail =
            |text: &str| text.split_once('@').is_some_and(|(one, other)| !one.is_empty() && !other.is_empty());
        let fit = |all: &[Pii<String>], fits: &dyn Fn(&str) -> bool| {
            all.len() <= ADDRESSES_MAX && all.iter().all(|one| fits(&address_of(one.expose())))
        };
        if !fit(&self.phones, &is_phone) {
            return Some(("/phones", "give at most 10 numbers with their country: +972501234567".to_owned()));
        }
        if !fit(&self.emails, &is_mail) {
            return Some(("/emails", "give at most 10 mail addresses".to_owned()));
        }
        (self.fields.len() > FIELDS_MAX).then(|| ("/fields", format!("give at most {FIELDS_MAX}")))
    }

    fn row(self, reference: String) -> SyncRow {
        let version = self.version;
        // Writing this type to memory cannot fail: its maps have texts as keys.
        SyncRow { reference, version, body: Pii::new(serde_json::to_value(self).unwrap_or_default()) }
    }
}

/// True for a name of something: a line with something in it, and not too long.
pub(super) fn one_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX && !text.contains(char::is_control)
}

fn records(name: &str) -> Result<Records, Failure> {
    let unknown = || {
        Failure::not_found(
            "record",
            format!("systems have: {}", did_you_mean(name, ["customers", "orders"].into_iter())),
        )
    };
    Records::named(name).ok_or_else(unknown)
}

/// A record as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptRecord)]
pub struct RecordInfo {
    /// The system.
    system: String,
    /// What the system calls it.
    reference: String,
    /// The version that is kept: the newest that was told.
    version: u64,
    /// What it says.
    #[schema(value_type = SystemRecord)]
    record: Pii<serde_json::Value>,
}

impl RecordInfo {
    /// A customer's record.
    pub(super) fn of(pointer: Pointer, record: serde_json::Value) -> Self {
        let Pointer { system, reference } = pointer;
        Self { system, reference, version: record["version"].as_u64().unwrap_or_default(), record: Pii::new(record) }
    }
}

/// Which own fields of customers the rules say to be of which type.
pub(super) fn own_types(directory: &Directory, tenant: TenantId, of: Records) -> BTreeMap<String, Type> {
    let customers = directory.rules.get(&tenant).filter(|_| of == Records::Customers);
    customers.map(|routing| routing.customers.clone()).unwrap_or_default()
}

async fn kept(
    app: &Shared,
    caller: &Caller,
    system: &str,
    of: Records,
    reference: &str,
) -> Result<RecordInfo, Failure> {
    let key = record_key(caller.tenant, system, of, reference);
    let entry = app.archive().entries(&[key]).await?.pop();
    let entry = entry.ok_or_else(|| Failure::not_found("record", "the system has told no such record"))?;
    let (version, record) = (version_of(&entry).unwrap_or_default(), entry.body.expose()["record"].clone());
    Ok(RecordInfo { system: system.to_owned(), reference: reference.to_owned(), version, record: Pii::new(record) })
}

/// A record of another system, as it is kept.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((system, of, reference)): Path<(String, String, String)>,
) -> Result<Json<RecordInfo>, Failure> {
    Ok(Json(kept(&app, &caller, &system, records(&of)?, &reference).await?))
}

/// Keeps a record, unless a newer version of it is known; answers with what is kept.
pub async fn put(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((system, of, reference)): Path<(String, String, String)>,
    Strict(record): Strict<SystemRecord>,
) -> Result<Json<RecordInfo>, Failure> {
    let of = records(&of)?;
    if !one_line(&reference) || !one_line(&system) {
        return Err(Failure::bad("path", format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
    }
    let directory = app.directory();
    if let Some((place, cure)) = record.wrong(of, |name| directory.worker(caller.tenant, name).is_some()) {
        return Err(Failure::bad(place, cure));
    }
    if let Some((place, cure)) = record.mistyped(&own_types(&directory, caller.tenant, of)) {
        return Err(Failure::bad(place, cure));
    }
    sync(&app, &caller, &system, of, vec![record.row(reference.clone())]).await?;
    Ok(Json(kept(&app, &caller, &system, of, &reference).await?))
}

async fn sync(app: &Shared, caller: &Caller, system: &str, of: Records, rows: Vec<SyncRow>) -> Result<(), Failure> {
    let asked = SyncCall { tenant: caller.tenant, system: system.to_owned(), records: of, rows };
    let answer = app.door(caller.tenant).call(caller.actor(), Call::Sync(Box::new(asked))).await;
    answer.map(drop).map_err(|error| of_call(error, caller.tenant, &app.directory()))
}
