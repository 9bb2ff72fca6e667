//! What other systems tell, at the owner of the shard: each event is applied to cases in its turn, waits for those before it, or
//! is put aside where a person sees it. What it makes of cases is committed with it.

use std::collections::BTreeMap;

use blendline_cases::Change;
use blendline_cases::command::Command as CaseCommand;
use blendline_cases::systems::order::{Place, Turn};
use blendline_cases::systems::plan::{Step, plan};
use blendline_cases::systems::{ExternalEvent, Held, HeldState, Parked, System, WAITING_MAX};
use blendline_core::{Answer, Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{CaseId, ExternalId, Pii};

use crate::driver::keys;
use crate::driver::step::Stepper;
use crate::driver::telemetry;
use crate::handle::{CallResult, ExternalAsk, ExternalCall};
use crate::ports::external::{ExternalWrite, counted_at, is_parked};
use crate::ports::register::{self, Entry, Kind};
use crate::ports::store::Wanted;

/// Asks for all that an event has to do with.
pub(super) fn want(event: &ExternalEvent, wanted: &mut Wanted) {
    wanted.keys.push(keys::external(event));
    wanted.entries.push(place_key(event));
    wanted.externals.ids.push(keys::external_id(event));
    wanted.externals.places.push(counted_at(event));
    wanted.externals.references.push((event.tenant, event.reference.clone()));
    wanted.conversations.extend(event.links.conversation);
    wanted.cases.push(keys::external_case(event));
}

fn place_key(event: &ExternalEvent) -> register::Key {
    register::key(Kind::ExternalPlace, event.tenant, &[&event.system, &event.reference])
}

impl Stepper<'_> {
    /// What is asked of an event of another system. What came of it is read from the record.
    pub(crate) fn external_call(&mut self, actor: Actor, asked: ExternalCall) -> CallResult {
        let ExternalCall { event, ask } = asked;
        let id = keys::external_id(&event);
        match ask {
            ExternalAsk::Take => self.take_external(actor, id, event),
            ExternalAsk::Retry | ExternalAsk::Drop => {
                let Some(held) = self.overlay.held(id).filter(|held| is_parked(held)).cloned() else {
                    return Ok(Answer::Done);
                };
                match ask {
                    ExternalAsk::Drop => self.drop_external(actor, &held),
                    _ => self.settle_external(actor, held, ""),
                }
            }
        }
        Ok(Answer::Done)
    }

    /// Takes an event that came; the same again changes nothing.
    fn take_external(&mut self, actor: Actor, id: ExternalId, event: ExternalEvent) {
        let (key, content) = (keys::external(&event), id.0.to_be_bytes());
        let now = self.now();
        let held = |state| Held { id, came_at: now, event: event.clone(), state };
        match self.overlay.key(&key) {
            Some(known) if known == content => return,
            Some(_) if self.overlay.held(id).is_some() => return,
            Some(_) => return self.park_external(actor, held(HeldState::Parked(Parked::new("id_reused", &*event.id)))),
            None => {}
        }
        self.overlay.add_key(key, content.to_vec());
        self.batch.add_key(key, content.to_vec());
        let parked = |reason| HeldState::Parked(Parked::new(reason, event.reference.clone()));
        let waiting = HeldState::Waiting { until: now + self.gap_ms(&event) };
        let Some(sequence) = event.sequence else { return self.settle_external(actor, held(waiting), "") };
        let mut place = self.external_place(&event);
        match place.turn(sequence) {
            Turn::Now => self.deal(actor, place, held(waiting)),
            Turn::Waits => {
                let others = self.overlay.waiting_at(counted_at(&event));
                if others.contains_key(&sequence) {
                    self.park_external(actor, held(parked("sequence_reused")));
                } else if others.len() >= WAITING_MAX {
                    self.park_external(actor, held(parked("too_many")));
                } else {
                    self.hold_external(actor, held(waiting));
                }
            }
            Turn::Late => {
                place.deal(sequence);
                self.put_place(&event, &place);
                self.park_external(actor, held(parked("too_late")));
            }
            Turn::Taken => self.park_external(actor, held(parked("sequence_reused"))),
        }
    }

    /// An event waited long enough for those before it: it goes on, with all that wait before it.
    pub(crate) fn external_due(&mut self, event: &ExternalEvent) {
        let (id, now) = (keys::external_id(event), self.now());
        let is_due = |held: &&Held| held.due_at().is_some_and(|due| due <= now);
        let (Some(_), Some(sequence)) = (self.overlay.held(id).filter(is_due), event.sequence) else { return };
        while let Some((_, held)) = self.overlay.waiting_at(counted_at(event)).range(..=sequence).next() {
            let (place, held) = (self.external_place(event), held.clone());
            self.deal(Actor::System, place, held);
        }
    }

    /// Deals with an event whose turn it is, and with those that waited for it alone.
    fn deal(&mut self, actor: Actor, mut place: Place, first: Held) {
        let about = first.event.clone();
        let mut waiting: BTreeMap<u64, Held> = self.overlay.waiting_at(counted_at(&about));
        let mut next = Some(first);
        while let Some(held) = next {
            let sequence = held.event.sequence.unwrap_or_default();
            let reason = if place.turn(sequence) == Turn::Now { "" } else { "after_gap" };
            place.deal(sequence);
            waiting.remove(&sequence);
            self.settle_external(actor, held, reason);
            next = place.dealt.checked_add(1).and_then(|sequence| waiting.remove(&sequence));
        }
        self.put_place(&about, &place);
    }

    /// Applies an event, or puts it aside.
    fn settle_external(&mut self, actor: Actor, held: Held, reason: &'static str) {
        match self.planned(&held.event) {
            Ok(changes) => {
                let cases: Vec<CaseId> = changes.iter().map(|(case, _)| *case).collect();
                for change in changes.into_iter().filter_map(|(_, change)| change) {
                    self.change_case(Actor::Integrator, change);
                }
                let told = held.event.told(held.id, cases, reason);
                self.record_external(actor, &held.event, EventKind::ExternalApplied(Box::new(told)));
                self.remove_external(held.id);
            }
            Err(parked) => self.park_external(actor, Held { state: HeldState::Parked(parked), ..held }),
        }
    }

    /// What becomes of which cases by an event, all or nothing.
    fn planned(&self, event: &ExternalEvent) -> Result<Vec<(CaseId, Option<Change>)>, Parked> {
        let routing = self.directory.rules.get(&event.tenant);
        let unknown = || Parked::new("unknown_system", event.system.clone());
        let (routing, system) =
            routing.and_then(|routing| Some((routing, routing.systems.get(&event.system)?))).ok_or_else(unknown)?;
        let cases = self.overlay.known_cases(event.tenant);
        let steps = plan(system, event, |name| routing.cases.get(name), &cases)?;
        steps.into_iter().map(|step| self.change_of(event, step)).collect()
    }

    fn change_of(&self, event: &ExternalEvent, step: Step) -> Result<(CaseId, Option<Change>), Parked> {
        let (id, case_type, command) = match step {
            Step::Stands(id) => return Ok((id, None)),
            Step::Ask(id, command) => (id, String::new(), command),
            Step::Open(case_type, fields) => {
                let id = keys::external_case(event);
                let (tenant, links, language) = (event.tenant, event.links, event.language.clone());
                let command = CaseCommand::Open { id, tenant, language, links, owner: None, fields, earned_at: None };
                (id, case_type, command)
            }
        };
        let case = self.overlay.case(id);
        let case_type = case.map_or(case_type.as_str(), |case| &case.case_type);
        let change = self.decided_case(case, event.tenant, case_type, Actor::Integrator, &command);
        change.map(|change| (id, Some(change))).map_err(|refusal| refused(&refusal))
    }

    fn gap_ms(&self, event: &ExternalEvent) -> u64 {
        let system: Option<&System> =
            self.directory.rules.get(&event.tenant).and_then(|routing| routing.systems.get(&event.system));
        system.map_or(blendline_cases::systems::GAP_MS, |system| system.gap_ms)
    }

    fn external_place(&self, event: &ExternalEvent) -> Place {
        let entry = self.overlay.entry(&place_key(event));
        entry.and_then(|entry| serde_json::from_value(entry.body.expose().clone()).ok()).unwrap_or_default()
    }

    fn put_place(&mut self, event: &ExternalEvent, place: &Place) {
        let body = Pii::new(serde_json::to_value(place).unwrap_or_default());
        let (kind, key, tenant, at) = (Kind::ExternalPlace, place_key(event), event.tenant, self.now());
        self.put_entry(Entry { kind, key, tenant, at, body });
    }

    fn hold_external(&mut self, actor: Actor, held: Held) {
        let told = held.event.told(held.id, Vec::new(), "");
        self.record_external(actor, &held.event, EventKind::ExternalWaiting(Box::new(told)));
        self.put_external(held);
    }

    fn park_external(&mut self, actor: Actor, held: Held) {
        let HeldState::Parked(parked) = &held.state else { return };
        telemetry::external_parked(&held.event.system, &parked.reason);
        let told = held.event.told(held.id, Vec::new(), parked.reason.clone());
        self.record_external(actor, &held.event, EventKind::ExternalParked(Box::new(told)));
        self.put_external(held);
    }

    fn drop_external(&mut self, actor: Actor, held: &Held) {
        let told = held.event.told(held.id, Vec::new(), "dropped");
        self.record_external(actor, &held.event, EventKind::ExternalDropped(Box::new(told)));
        self.remove_external(held.id);
    }

    fn put_external(&mut self, held: Held) {
        self.overlay.put_held(held.id, Some(held.clone()));
        self.batch.put_external(ExternalWrite::Put(Box::new(held)));
    }

    /// Forgets an event that was kept; one that never was is not there to be forgotten.
    fn remove_external(&mut self, id: ExternalId) {
        if self.overlay.held(id).is_some() {
            self.overlay.put_held(id, None);
            self.batch.put_external(ExternalWrite::Remove(id));
        }
    }

    fn record_external(&mut self, actor: Actor, event: &ExternalEvent, kind: EventKind) {
        let command = Command::Record { tenant: event.tenant, account: None, conversation: None, kind: Box::new(kind) };
        self.step(Input::new(actor, command));
    }
}

/// A case's refusal, as a reason that people are shown.
fn refused(refusal: &blendline_cases::Refusal) -> Parked {
    let told = serde_json::to_value(refusal).unwrap_or_default();
    Parked::new(told["refusal"].as_str().unwrap_or("refused"), told.to_string())
}
