//! How long stages of cases take, as an owner knows it: learnt from the log when he begins, and from what happens since.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_cases::forecast::Asked;
use blendline_cases::{Case, Command as CaseCommand, Forecast, spent};
use blendline_wire::event::promise::Chance;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{CaseId, Millis, TenantId};

use crate::driver::step::Stepper;
use crate::driver::telemetry;
use crate::floor::first_before;
use crate::ports::store::{Archive, StoreError};

/// How far back the log is read: what is older counts less than half.
const HISTORY_MS: u64 = 60 * 86_400_000;
/// How many events are read at once, and of one company at most.
const PAGE: usize = 1_000;
const EVENTS_MAX: usize = 5_000_000;
/// How much may happen while the log is being read; more is not learnt.
const SINCE_MAX: usize = 10_000;
/// When a case is looked at again whose type the rules have lost.
const LOST_MS: u64 = 86_400_000;

/// What the log told, by company.
pub(crate) type History = BTreeMap<TenantId, Forecast>;

/// What is known of each company's stages.
#[derive(Debug, Default)]
pub(crate) struct Forecasts {
    of: History,
    /// What happened while the log was being read.
    since: Vec<(TenantId, Millis, EventKind)>,
    /// True once it was.
    is_read: bool,
}

impl Forecasts {
    /// Takes up what happened to a case.
    pub(crate) fn happened(&mut self, tenant: TenantId, at: Millis, event: &EventKind) {
        if !self.is_read && self.since.len() < SINCE_MAX {
            self.since.push((tenant, at, event.clone()));
        }
        self.of.entry(tenant).or_default().happened(at, event);
    }

    /// The log was read: what happened meanwhile comes after it.
    pub(crate) fn begin(&mut self, history: History) {
        self.of = history;
        self.is_read = true;
        for (tenant, at, event) in std::mem::take(&mut self.since) {
            self.of.entry(tenant).or_default().happened(at, &event);
        }
    }
}

/// Reads what the log tells of these companies' stages up to an instant.
pub(crate) async fn read(archive: Arc<dyn Archive>, tenants: Vec<TenantId>, until: Millis) -> History {
    let mut history = History::new();
    for tenant in tenants {
        match of_tenant(archive.as_ref(), tenant, until).await {
            Ok(forecast) => drop(history.insert(tenant, forecast)),
            Err(error) => telemetry::store_unavailable("forecast", &error),
        }
    }
    history
}

async fn of_tenant(archive: &dyn Archive, tenant: TenantId, until: Millis) -> Result<Forecast, StoreError> {
    let since = Millis(until.0.saturating_sub(HISTORY_MS));
    let mut after = first_before(archive, tenant, since).await?.0;
    let mut forecast = Forecast::default();
    for _ in 0..EVENTS_MAX / PAGE {
        let events = archive.events(tenant, after, PAGE).await?;
        for event in events.iter().take_while(|event| event.at <= until) {
            forecast.happened(event.at, &event.kind);
        }
        match events.last() {
            Some(last) if last.at <= until && events.len() == PAGE => after = last.id.0,
            _ => break,
        }
    }
    Ok(forecast)
}

impl Stepper<'_> {
    /// Looks whether something of a case is about to break.
    pub(crate) fn look_at_case(&mut self, id: CaseId) {
        let now = self.now();
        // It may have been looked at since it was found.
        let Some(case) = self.overlay.case(id).filter(|case| case.look_at.is_some_and(|at| at <= now)).cloned() else {
            return;
        };
        let chance = self.chance(&case);
        let command = CaseCommand::Look { chance };
        match self.decided_case(Some(&case), case.tenant, &case.case_type, Actor::System, &command) {
            Ok(change) => self.change_case(Actor::System, change),
            Err(_) => {
                let case = Case { look_at: Some(now.plus(LOST_MS)), ..case };
                self.overlay.add_case(case.clone());
                self.batch.put_case(case);
            }
        }
    }

    /// What is to be expected of the stage that a case is in.
    fn chance(&mut self, case: &Case) -> Option<Chance> {
        let now = self.now();
        let terms = self.case_terms(Some(case), case.tenant, &case.case_type).ok()?;
        let terms = terms.as_terms();
        let (used_ms, target_ms) = spent(&terms, case, now)?;
        let stage = terms.kind.stage(&case.stage.name)?;
        let asked = Asked {
            case_type: &case.case_type,
            stage: &case.stage.name,
            unit: stage.unit.as_deref(),
            entered_at: case.stage.entered_at,
            used_ms,
            target_ms,
            warns_milli: stage.warn.at_milli,
        };
        let forecast = self.overlay.forecasts.of.entry(case.tenant).or_default();
        forecast.looked(case.id, used_ms, target_ms, now);
        Some(forecast.chance(&asked, now))
    }
}
