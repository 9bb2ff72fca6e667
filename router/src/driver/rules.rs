//! Where a message goes: the tenant's rules over the facts of the message (P9).

use blendline_core::input::Class;
use blendline_core::rows::Conversation;
use blendline_rules::Facts;
use blendline_rules::facts::{History, NEVER_DAYS};
use blendline_wire::Millis;
use blendline_wire::inbound::InboundEvent;

use crate::directory::AccountEntry;
use crate::driver::step::Stepper;
use crate::driver::telemetry;

const DAY_MS: u64 = 86_400_000;

impl Stepper<'_> {
    /// The class of a message. Without rules, and where none applies, it is the account's own.
    ///
    /// `prior` is the contact's latest conversation, where it is not open; into an open one a message goes anyway.
    pub(crate) fn class_of(
        &self,
        event: &InboundEvent,
        entry: &AccountEntry,
        known: bool,
        prior: Option<&Conversation>,
    ) -> Class {
        let Some(routing) = self.directory.rules.get(&entry.tenant) else { return entry.class.clone() };
        let now = self.now();
        let history = history(known, prior, routing.reopen_window_ms, now);
        let facts = Facts::of(event, (&entry.channel, &entry.account.name), history, now, &routing.zone);
        let decision = routing.decide(&facts);
        let tenant = self.directory.tenants.get(&entry.tenant).map_or("", String::as_str);
        for (rule, error) in &decision.errors {
            telemetry::rule_failed(tenant, rule, routing.version, error);
        }
        telemetry::routed(tenant, decision.rule.map(|rule| rule.name.value.as_str()));
        routing.class(&decision, &entry.class)
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
