//! What is decided of a case by what else its customer has open: one voice speaks with him, and what he has against us comes
//! first.

use blendline_cases::command::Whom;
use blendline_cases::{Case, Change, Command as CaseCommand, Effect, Refusal as CaseRefusal};
use blendline_core::{Command, Input};
use blendline_wire::event::Actor;
use blendline_wire::event::case::CaseValue;
use blendline_wire::task::Target;
use blendline_wire::{CaseId, ContactKey, TaskId, TenantId, WorkerId};

use crate::directory::Directory;
use crate::driver::draft::{Draft, Item};
use crate::driver::kin::Kin;
use crate::driver::overlay::Overlay;
use crate::driver::step::Stepper;
use crate::handle::Call;
use crate::persons;
use crate::ports::store::{Archive, CaseFilter, Found, Store, StoreError, Wanted};
use crate::satisfaction::{self, Speaks, speaks_key};

/// Open cases of one contact that are looked at.
const CASES_MAX: usize = 50;

/// The customers whose open cases count for what a draft decides.
fn watched(draft: &Draft, found: &Found, overlay: &Overlay, directory: &Directory) -> Vec<(TenantId, ContactKey)> {
    let watches = |tenant| directory.rules.get(&tenant).is_some_and(|routing| routing.cases.watch_customers());
    let opening = draft.items.iter().filter_map(|item| match item {
        Item::Call { call, .. } => match &**call {
            Call::Case(asked) => match &asked.command {
                CaseCommand::Open { links, .. } => Some((asked.tenant, links.contact?)),
                _ => overlay.case(asked.case).and_then(|case| Some((case.tenant, case.links.contact?))),
            },
            _ => None,
        },
        _ => None,
    });
    let known = found.cases.values().filter_map(|case| Some((case.tenant, case.links.contact?)));
    let mut customers: Vec<_> = known.chain(opening).filter(|(tenant, _)| watches(*tenant)).collect();
    customers.sort_unstable();
    customers.dedup();
    customers
}

/// Finds the open cases of the customers whom a draft is about, on all their channels.
///
/// # Errors
/// When the record does not answer.
pub(crate) async fn find(
    (draft, overlay, directory): (&Draft, &Overlay, &Directory),
    (shard, store, archive): (u16, &dyn Store, &dyn Archive),
    (found, kin): (&mut Found, &mut Kin),
) -> Result<(), StoreError> {
    let customers = watched(draft, found, overlay, directory);
    if customers.is_empty() {
        return Ok(());
    }
    let entries = customers.iter().map(|(tenant, contact)| speaks_key(*tenant, *contact)).collect();
    let wanted = Wanted { entries, ..Wanted::default() };
    found.entries.extend(store.prefetch(shard, &wanted).await?.entries);
    for (tenant, contact) in customers {
        let speaks: Option<Speaks> = found.entries.get(&speaks_key(tenant, contact)).and_then(satisfaction::known);
        if let Some(identity) = speaks.and_then(|speaks| speaks.identity) {
            kin.add(tenant, contact, persons::person(archive, tenant, identity).await?);
        }
        for contact in kin.with(contact).collect::<Vec<_>>() {
            let filter = CaseFilter { contact: Some(contact), open: true, ..CaseFilter::default() };
            for case in archive.cases(tenant, &filter, None, CASES_MAX).await? {
                found.cases.entry(case.id).or_insert(case);
            }
        }
    }
    Ok(())
}

impl Stepper<'_> {
    /// The cases that a customer has open, on all his channels, as far as they were looked up.
    fn open_cases(&self, tenant: TenantId, contact: ContactKey) -> Vec<Case> {
        let contacts: Vec<_> = self.overlay.kin.with(contact).collect();
        let is_his = |case: &&Case| {
            case.tenant == tenant && case.is_open() && case.links.contact.is_some_and(|own| contacts.contains(&own))
        };
        self.overlay.cases().into_iter().filter(is_his).cloned().collect()
    }

    /// Refuses a second case where one voice speaks with the customer already.
    pub(crate) fn one_voice(
        &self,
        tenant: TenantId,
        case_type: &str,
        contact: Option<ContactKey>,
    ) -> Result<(), CaseRefusal> {
        let types = self.directory.rules.get(&tenant).map(|routing| &routing.cases);
        let speaks = |name: &str| types.and_then(|types| types.get(name)).is_some_and(|kind| kind.one_voice);
        let Some(contact) = contact.filter(|_| speaks(case_type)) else { return Ok(()) };
        match self.open_cases(tenant, contact).into_iter().find(|other| speaks(&other.case_type)) {
            Some(other) => Err(CaseRefusal::OneVoice { case: other.id }),
            None => Ok(()),
        }
    }

    /// A case that begins while its customer has another open for which it stands still: nobody works on it, and he is not
    /// told of it.
    pub(crate) fn held_at_once(&self, mut change: Change) -> Change {
        let case = &change.case;
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        let Some((kind, contact)) = kind.zip(case.links.contact) else { return change };
        let stands = |other: &Case| kind.holds_while.contains(&other.case_type);
        let by = self.open_cases(case.tenant, contact).iter().filter(|other| stands(other)).map(|other| other.id).min();
        let command = CaseCommand::Hold { by };
        let held =
            by.and_then(|_| self.decided_case(Some(case), case.tenant, &case.case_type, Actor::Rule, &command).ok());
        if let Some(held) = held {
            change.case = held.case;
            change.events.extend(held.events);
            change.effects.retain(|effect| matches!(effect, Effect::Tell { whom: Whom::Agent, .. }));
        }
        change
    }

    /// Gives the work of a stage to whoever owns the case, where one voice speaks with the customer and he is there.
    pub(crate) fn pass_to_voice(&mut self, case: &Case, task: Option<TaskId>) {
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        let owner = case.owner.filter(|_| kind.is_some_and(|kind| kind.one_voice));
        let Some((task, owner)) = task.zip(owner) else { return };
        let has_it = self.core.task(task).is_some_and(|row| row.state.owner() == Some(owner));
        if !has_it && self.nearest(task, &[owner]).is_some() {
            self.step(Input::new(Actor::Rule, Command::Reassign { task, to: Target::Worker(owner) }));
        }
    }

    /// Who is told of a case beside its customer: his agent of record, where its type has a field for him; else its owner.
    pub(crate) fn agent_of(&self, case: &Case) -> Option<WorkerId> {
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        let field = kind.and_then(|kind| kind.contact.as_ref()?.agent.as_ref());
        let named = field.and_then(|field| match case.fields.get(field)? {
            CaseValue::Text(name) => self.directory.worker(case.tenant, name.expose()),
            CaseValue::Number(_) | CaseValue::Money { .. } => None,
        });
        named.or(case.owner)
    }

    /// Cases of the same customer stand still, or go on, by what became of this one; and so does this one by the others.
    pub(crate) fn hold_by_others(&mut self, case: &Case) {
        let directory = self.directory;
        let Some(types) = directory.rules.get(&case.tenant).map(|routing| &routing.cases) else { return };
        let Some(contact) = case.links.contact.filter(|_| types.watch_customers()) else { return };
        let open = self.open_cases(case.tenant, contact);
        for one in &open {
            let Some(kind) = types.get(&one.case_type).filter(|kind| !kind.holds_while.is_empty()) else { continue };
            if one.id != case.id && !kind.holds_while.contains(&case.case_type) {
                continue;
            }
            let stands = |other: &&Case| other.id != one.id && kind.holds_while.contains(&other.case_type);
            let by: Option<CaseId> = open.iter().filter(stands).map(|other| other.id).min();
            let held = one.stage.held.map(|held| held.by);
            // It stands still because of the one that is there already, as long as that is open.
            if by == held || (held.is_some_and(|held| open.iter().any(|other| other.id == held))) {
                continue;
            }
            let command = CaseCommand::Hold { by };
            if let Ok(change) = self.decided_case(Some(one), one.tenant, &one.case_type, Actor::Rule, &command) {
                self.change_case(Actor::Rule, change);
            }
        }
    }
}
