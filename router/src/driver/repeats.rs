//! What customers come again with, as an owner knows it: counted from the log when he begins, and from what happens since.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_improvements::{Beyond, Repeating, Repeats, Topic, remembered_ms};
use blendline_wire::event::Event;
use blendline_wire::{Millis, TenantId};

use crate::directory::Directory;
use crate::driver::telemetry;
use crate::floor::first_before;
use crate::ports::store::{Archive, StoreError};

/// How many events are read at once, and of one company at most.
const PAGE: usize = 1_000;
const EVENTS_MAX: usize = 5_000_000;
/// How much may happen while the log is being read; more is not counted.
const SINCE_MAX: usize = 100_000;

/// What the log told, by company.
pub(crate) type Counted = BTreeMap<TenantId, Repeating>;

/// What comes again, of each company that wants to know.
#[derive(Debug, Default)]
pub(crate) struct Again {
    of: Counted,
    /// What happened while the log was being read.
    since: Vec<Event>,
    /// True once it was.
    is_read: bool,
}

/// What a company wants to know of what comes again.
pub(crate) fn wanted(directory: &Directory, tenant: TenantId) -> Option<Repeats> {
    directory.rules.get(&tenant)?.improvements.repeats
}

impl Again {
    /// Takes up what happened, where its company wants to know.
    pub(crate) fn happened(&mut self, directory: &Directory, event: &Event) {
        let Some(repeats) = wanted(directory, event.tenant) else { return };
        if self.is_read {
            self.of.entry(event.tenant).or_default().happened(event, &repeats);
        } else if self.since.len() < SINCE_MAX {
            self.since.push(event.clone());
        }
    }

    /// The log was read: what happened meanwhile comes after it.
    pub(crate) fn begin(&mut self, directory: &Directory, counted: Counted) {
        self.of = counted;
        self.is_read = true;
        for event in std::mem::take(&mut self.since) {
            self.happened(directory, &event);
        }
    }

    /// The topics that came beyond their share since somebody looked.
    pub(crate) fn look(&mut self, directory: &Directory, now: Millis) -> Vec<(TenantId, Topic)> {
        let mut found = Vec::new();
        for (tenant, repeating) in &mut self.of {
            let Some(repeats) = wanted(directory, *tenant) else { continue };
            let touched = repeating.take_touched().into_iter();
            let beyond = touched.filter(|topic| repeating.beyond(topic, &repeats, now).is_some());
            found.extend(beyond.map(|topic| (*tenant, topic)));
        }
        found
    }

    /// Whether a topic is beyond its share now.
    pub(crate) fn beyond(&self, directory: &Directory, tenant: TenantId, topic: &Topic, now: Millis) -> Option<Beyond> {
        self.of.get(&tenant)?.beyond(topic, &wanted(directory, tenant)?, now)
    }
}

/// Counts what the log has of these companies up to an instant.
pub(crate) async fn read(archive: Arc<dyn Archive>, directory: Arc<Directory>, until: Millis) -> Counted {
    let mut counted = Counted::new();
    for tenant in directory.rules.keys() {
        let Some(repeats) = wanted(&directory, *tenant) else { continue };
        match of_tenant(archive.as_ref(), *tenant, &repeats, until).await {
            Ok(repeating) => drop(counted.insert(*tenant, repeating)),
            Err(error) => telemetry::store_unavailable("repeats", &error),
        }
    }
    counted
}

async fn of_tenant(
    archive: &dyn Archive,
    tenant: TenantId,
    repeats: &Repeats,
    until: Millis,
) -> Result<Repeating, StoreError> {
    let since = Millis(until.0.saturating_sub(remembered_ms(repeats)));
    let mut after = first_before(archive, tenant, since).await?.0;
    let mut repeating = Repeating::default();
    for _ in 0..EVENTS_MAX / PAGE {
        let events = archive.events(tenant, after, PAGE).await?;
        for event in events.iter().filter(|event| since <= event.at && event.at <= until) {
            repeating.happened(event, repeats);
        }
        match events.last() {
            Some(last) if last.at <= until && events.len() == PAGE => after = last.id.0,
            _ => break,
        }
    }
    Ok(repeating)
}
