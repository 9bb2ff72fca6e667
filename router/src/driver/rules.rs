//! Where a message goes: the tenant's rules over the facts of the message (P9).

use blendline_core::input::Class;
use blendline_core::rows::Conversation;
use blendline_core::{Command, Input};
use blendline_rules::facts::{History, NEVER_DAYS};
use blendline_rules::{Decision, Facts};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::{ContactKey, Millis, TenantId};

use crate::directory::AccountEntry;
use crate::driver::keys;
use crate::driver::step::Stepper;
use crate::driver::synced::sender;
use crate::driver::telemetry;
use crate::payload::MessageBody;
use crate::rules::trial::alike;

const DAY_MS: u64 = 86_400_000;

/// Where something goes, and what is to be told of it.
pub(crate) struct Decided {
    pub(crate) class: Class,
    /// That rules on trial see it another way than the live ones.
    pub(crate) differed: Option<EventKind>,
}

impl Stepper<'_> {
    /// The class of a message. Without rules, and where none applies, it is the account's own.
    ///
    /// `prior` is the contact's latest conversation, where it is not open; into an open one a message goes anyway.
    pub(crate) fn class_of(
        &self,
        event: &InboundEvent,
        entry: &AccountEntry,
        (known, contact): (bool, ContactKey),
        prior: Option<&Conversation>,
    ) -> Decided {
        let Some(routing) = self.directory.rules.get(&entry.tenant) else {
            return Decided { class: entry.class.clone(), differed: None };
        };
        let now = self.now();
        let history = history(known, prior, routing.reopen_window_ms, now);
        let mut facts = Facts::of(event, (&entry.channel, &entry.account.name), history, now, &routing.zone);
        if let Some(identity) = sender(&entry.channel, event) {
            facts.customer = self.profile_of(entry.tenant, &identity);
        }
        let decision = routing.decide(&facts);
        self.count_decision(entry.tenant, routing.version, &decision);
        let live = routing.class(&facts, &decision, &entry.class);
        // Into an open conversation a message goes anyway.
        if self.core.conversation_of(contact).is_some() {
            return Decided { class: live, differed: None };
        }
        self.tried(entry.tenant, (&entry.account.name, contact.0), &facts, live, &entry.class)
    }
}

impl Stepper<'_> {
    /// The class of a work item: where its sender says, or by the rules where he names no queue. What he says besides
    /// counts before what the rule says. `None` where no rule takes it.
    pub(crate) fn class_of_item(
        &mut self,
        tenant: TenantId,
        said: Class,
        by_rules: bool,
        body: &MessageBody,
    ) -> Option<Class> {
        let directory = self.directory;
        let Some(routing) = directory.rules.get(&tenant) else { return (!by_rules).then_some(said) };
        if !by_rules {
            return Some(routing.sent(said));
        }
        let facts = Facts::of_item(body.item_facts(), self.now(), &routing.zone);
        let decision = routing.decide(&facts);
        self.count_decision(tenant, routing.version, &decision);
        decision.rule?;
        let live = routing.class(&facts, &decision, &Class::default());
        let who = u128::from_be_bytes(keys::item(&facts.subject));
        let Decided { class, differed } = self.tried(tenant, ("", who), &facts, live.clone(), &live);
        if let Some(kind) = differed {
            let command = Command::Record { tenant, account: None, conversation: None, kind: Box::new(kind) };
            self.step(Input::new(Actor::Rule, command));
        }
        Some(Class {
            needs: if said.needs.is_empty() { class.needs } else { said.needs },
            relax: if said.relax.is_empty() { class.relax } else { said.relax },
            target_ms: said.target_ms.or(class.target_ms),
            strain: said.strain.max(class.strain),
            ..class
        })
    }

    /// What the rules on trial say beside the live ones, and which of the two counts.
    fn tried(
        &self,
        tenant: TenantId,
        (account, who): (&str, u128),
        facts: &Facts,
        live: Class,
        otherwise: &Class,
    ) -> Decided {
        let Some(trial) = self.directory.trials.get(&tenant) else { return Decided { class: live, differed: None } };
        let decision = trial.routing.decide(facts);
        let tried = trial.routing.class(facts, &decision, otherwise);
        let acted = trial.acts(account, &live, who) && self.core.queue(tried.queue).is_some();
        let same = alike(&live, &tried);
        telemetry::tried(self.directory.tenants.get(&tenant).map_or("", String::as_str), same);
        let rule = |class: &Class| class.label.as_ref().map(|label| label.rule.clone());
        let differed = (!same).then(|| EventKind::RulesDiffered {
            trial: trial.routing.version,
            acted,
            live_rule: rule(&live),
            live_queue: live.queue,
            trial_rule: rule(&tried),
            trial_queue: tried.queue,
        });
        Decided { class: if acted { tried } else { live }, differed }
    }

    /// Counts what was decided, and what could not be.
    pub(crate) fn count_decision(&self, tenant: TenantId, version: u32, decision: &Decision<'_>) {
        let tenant = self.directory.tenants.get(&tenant).map_or("", String::as_str);
        for (rule, error) in &decision.errors {
            telemetry::rule_failed(tenant, rule, version, error);
        }
        telemetry::routed(tenant, decision.rule.map(|rule| rule.name.value.as_str()));
    }
}

/// What the record knows of whoever wrote.
fn history(known: bool, prior: Option<&Conversation>, reopen_window_ms: u64, now: Millis) -> History {
    let Some(prior) = prior else { return History { known, ..History::default() } };
    let heard = prior.heard_at.unwrap_or(prior.opened_at);
    History {
        known,
        reopened: prior.state.ended_at().is_some_and(|at| now < at.plus(reopen_window_ms)),
        days: i64::try_from(now.since(heard) / DAY_MS).map_or(NEVER_DAYS, |days| days.min(NEVER_DAYS)),
        messages: i64::try_from(prior.seq).unwrap_or(i64::MAX),
    }
}
