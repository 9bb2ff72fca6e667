//! What became of messages of ours: answers to our calls, reports of platforms, and our own words seen again.

use blendline_connectors::email::reply_address;
use blendline_core::input::DeliveryStatus;
use blendline_core::{Command, Input};
use blendline_wire::event::Actor;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{SendOutcome, SendResult};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{AccountId, OutboundId};

use crate::driver::draft::{Happening, private_peer, reported};
use crate::driver::mail::report;
use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::receipts::status_word;

impl Stepper<'_> {
    pub(crate) fn status(&mut self, happening: &Happening, account: AccountId) {
        let status = match happening.event.status.as_deref() {
            Some("sent") => DeliveryStatus::Sent,
            Some("delivered") => DeliveryStatus::Delivered,
            Some("read") => DeliveryStatus::Read,
            Some("played") => DeliveryStatus::Played,
            Some("failed") => DeliveryStatus::Failed,
            Some("delayed") => DeliveryStatus::Delayed,
            _ => return self.discard(happening, "not_routed"),
        };
        let Some(outbound) = self.reported_by(&happening.event, account) else {
            return self.discard(happening, "unknown_message");
        };
        let reason = match happening.event.errors.first() {
            Some(error) if matches!(status, DeliveryStatus::Failed | DeliveryStatus::Delayed) => {
                format!("platform_{}", error.code)
            }
            _ => String::new(),
        };
        self.report(happening, outbound, status, reason);
    }

    /// A message of our own, seen again: proof that it was sent, where it is one we handed over.
    pub(crate) fn echo(&mut self, happening: &Happening, account: AccountId) {
        match self.reported_by(&happening.event, account) {
            Some(outbound) => {
                self.report(happening, outbound, DeliveryStatus::Sent, String::new());
                // The answer to the call may have been lost, and with it whom it reached.
                if let Some(peer) = private_peer(&happening.event) {
                    self.went_private(outbound, account, peer.into());
                }
            }
            None => self.discard(happening, "echo"),
        }
    }

    /// The message of ours an event reports on, if it is of that account.
    fn reported_by(&self, event: &InboundEvent, account: AccountId) -> Option<OutboundId> {
        let (ours, external) = reported(event);
        let ours = self.bounced(event, account).or(ours);
        let id = ours.or_else(|| self.overlay.external(account, external?))?;
        let row = self.core.outbound(id).or_else(|| self.overlay.outbound(id))?;
        (row.account == account || self.mails_by(row.account, account)).then_some(id)
    }

    /// The mail of ours whose own address a report came to.
    fn bounced(&self, event: &InboundEvent, account: AccountId) -> Option<OutboundId> {
        let (id, address) = report::named(event)?;
        let account = &self.directory.accounts.get(&account)?.account;
        reply_address::verify(account, address, reply_address::REPORTS).map(|_| id)
    }

    fn report(&mut self, happening: &Happening, outbound: OutboundId, status: DeliveryStatus, reason: String) {
        let error = happening.event.errors.first();
        self.sentence = error.and_then(|error| error.detail.clone().or_else(|| error.title.clone()));
        if let Some(bounce) = happening.event.mail.as_ref().and_then(|mail| mail.bounce.as_ref()) {
            self.sentence = Some(report::sentence(bounce));
        }
        let prior = self.prior_outbound(outbound);
        let command = Command::Status { outbound, status, reason, prior };
        let stepped = self.step(Input::new(Actor::Platform, command));
        self.sentence = None;
        if stepped.wrote {
            self.tell_receipt(outbound, status);
        } else {
            self.discard(happening, "nothing_new");
        }
    }

    /// Whoever said it sees at his desk that it arrived or was read; what went wrong, the core tells him.
    fn tell_receipt(&mut self, outbound: OutboundId, status: DeliveryStatus) {
        if !matches!(status, DeliveryStatus::Delivered | DeliveryStatus::Read | DeliveryStatus::Played) {
            return;
        }
        let Some(row) = self.core.outbound(outbound).or_else(|| self.overlay.outbound(outbound)) else { return };
        let (task, seq) = (row.task, Some(row.seq));
        let Some(task) = task else { return };
        let holder = self.core.task(task).and_then(|task| task.state.holder()).or(row.worker);
        let Some(session) = holder.and_then(|id| self.core.worker(id)).and_then(|worker| worker.session) else {
            return;
        };
        let status = status_word(status).to_owned();
        let frame = ServerFrame::ReplyStatus { task, outbound, status, seq, detail: None };
        self.batch.outputs.push(Output::Frame(session, frame));
    }

    pub(crate) fn prior_outbound(&self, id: OutboundId) -> Option<Box<blendline_core::rows::OutboundRow>> {
        match self.core.outbound(id) {
            Some(_) => None,
            None => self.overlay.outbound(id).cloned().map(Box::new),
        }
    }

    pub(crate) fn send_result(&mut self, result: SendResult) {
        if self.mailed(&result) {
            return;
        }
        let SendResult { id: outbound, attempt, outcome, to, private } = result;
        let Some(row) = self.core.outbound(outbound).or_else(|| self.overlay.outbound(outbound)) else { return };
        let (tenant, account, contact) = (row.tenant, row.account, row.contact);
        if let SendOutcome::Sent { external_id } = &outcome {
            if let Some(to) = to {
                self.learn_place((tenant, account), contact, to, external_id);
            }
            self.overlay.add_external(account, external_id.clone(), outbound);
            self.batch.commit.sent.push((outbound, account, external_id.clone()));
            if let Some(place) = private.filter(|place| (place.tenant, place.account) == (tenant, account)) {
                self.went_private(outbound, account, place.peer);
            }
        }
        self.sentence = match &outcome {
            SendOutcome::Sent { .. } => None,
            SendOutcome::Retry { cause, .. }
            | SendOutcome::Failed { cause }
            | SendOutcome::Unknown { cause }
            | SendOutcome::AccountDown { cause } => Some(cause.detail.clone()),
        };
        self.note_health(tenant, account, &outcome);
        let prior = self.prior_outbound(outbound);
        self.step(Input::new(Actor::Platform, Command::SendResult { outbound, attempt, outcome, prior }));
        self.sentence = None;
    }
}
