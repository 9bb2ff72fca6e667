//! The tables of what the company keeps beside the scheduler, by their columns.

use crate::adapters::columns::{CaseColumns, ExternalColumns, ImprovementColumns, JudgementColumns, LineColumns};
use crate::adapters::postgres::values::{Hash, Hidden};

#[derive(Default)]
pub(in crate::adapters::postgres) struct Cases<'a> {
    pub(in crate::adapters::postgres) id: Vec<Hash>,
    pub(in crate::adapters::postgres) tenant: Vec<i64>,
    pub(in crate::adapters::postgres) case_type: Vec<&'a str>,
    pub(in crate::adapters::postgres) stage: Vec<&'a str>,
    pub(in crate::adapters::postgres) contact: Vec<Option<Hidden<'a>>>,
    pub(in crate::adapters::postgres) matter: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) task: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) owner: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) open: Vec<bool>,
    pub(in crate::adapters::postgres) opened_at: Vec<i64>,
    pub(in crate::adapters::postgres) due_at: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) look_at: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) promise_due: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) body: Vec<Hidden<'a>>,
}

impl<'a> Cases<'a> {
    pub(super) fn push(&mut self, row: &'a CaseColumns, body: Hidden<'a>) {
        self.id.push(Hash(row.id));
        self.tenant.push(row.tenant);
        self.case_type.push(&row.case_type);
        self.stage.push(&row.stage);
        self.contact.push(row.contact.as_ref().map(|contact| Hidden(contact)));
        self.matter.push(row.matter);
        self.task.push(row.task);
        self.owner.push(row.owner);
        self.open.push(row.open);
        self.opened_at.push(row.opened_at);
        self.due_at.push(row.due_at);
        self.look_at.push(row.look_at);
        self.promise_due.push(row.promise_due);
        self.body.push(body);
    }
}

#[derive(Default)]
pub(in crate::adapters::postgres) struct Lines<'a> {
    pub(in crate::adapters::postgres) decision: Vec<Hash>,
    pub(in crate::adapters::postgres) line: Vec<i32>,
    pub(in crate::adapters::postgres) tenant: Vec<i64>,
    pub(in crate::adapters::postgres) at: Vec<i64>,
    pub(in crate::adapters::postgres) kind: Vec<&'a str>,
    pub(in crate::adapters::postgres) action: Vec<&'a str>,
    pub(in crate::adapters::postgres) currency: Vec<&'a str>,
    pub(in crate::adapters::postgres) minor: Vec<i64>,
    pub(in crate::adapters::postgres) asker: Vec<i64>,
    pub(in crate::adapters::postgres) holder: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) second_holder: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) contact: Vec<Option<Hidden<'a>>>,
    pub(in crate::adapters::postgres) approval: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) body: Vec<Hidden<'a>>,
}

impl<'a> Lines<'a> {
    pub(super) fn push(&mut self, row: &'a LineColumns, body: Hidden<'a>) {
        self.decision.push(Hash(row.decision));
        self.line.push(row.line);
        self.tenant.push(row.tenant);
        self.at.push(row.at);
        self.kind.push(row.kind);
        self.action.push(&row.action);
        self.currency.push(&row.currency);
        self.minor.push(row.minor);
        self.asker.push(row.asker);
        self.holder.push(row.holder);
        self.second_holder.push(row.second_holder);
        self.contact.push(row.contact.as_ref().map(|contact| Hidden(contact)));
        self.approval.push(row.approval);
        self.body.push(body);
    }
}

#[derive(Default)]
pub(in crate::adapters::postgres) struct References<'a> {
    pub(in crate::adapters::postgres) tenant: Vec<i64>,
    pub(in crate::adapters::postgres) case_id: Vec<Hash>,
    pub(in crate::adapters::postgres) reference: Vec<&'a str>,
}

#[derive(Default)]
pub(in crate::adapters::postgres) struct Externals<'a> {
    pub(in crate::adapters::postgres) id: Vec<Hash>,
    pub(in crate::adapters::postgres) place: Vec<Hash>,
    pub(in crate::adapters::postgres) tenant: Vec<i64>,
    pub(in crate::adapters::postgres) due_at: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) system: Vec<&'a str>,
    pub(in crate::adapters::postgres) body: Vec<Hidden<'a>>,
    pub(in crate::adapters::postgres) removed: Vec<Hash>,
}

#[derive(Default)]
pub(in crate::adapters::postgres) struct Judgements<'a> {
    pub(in crate::adapters::postgres) id: Vec<Hash>,
    pub(in crate::adapters::postgres) tenant: Vec<i64>,
    pub(in crate::adapters::postgres) at: Vec<i64>,
    pub(in crate::adapters::postgres) kind: Vec<&'static str>,
    pub(in crate::adapters::postgres) worker: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) judge: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) task: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) open: Vec<bool>,
    pub(in crate::adapters::postgres) body: Vec<Hidden<'a>>,
}

impl<'a> Judgements<'a> {
    pub(super) fn push(&mut self, row: &JudgementColumns, body: Hidden<'a>) {
        self.id.push(Hash(row.id));
        self.tenant.push(row.tenant);
        self.at.push(row.at);
        self.kind.push(row.kind);
        self.worker.push(row.worker);
        self.judge.push(row.judge);
        self.task.push(row.task);
        self.open.push(row.open);
        self.body.push(body);
    }
}

#[derive(Default)]
pub(in crate::adapters::postgres) struct Improvements<'a> {
    pub(in crate::adapters::postgres) id: Vec<Hash>,
    pub(in crate::adapters::postgres) group: Vec<Option<Hidden<'a>>>,
    pub(in crate::adapters::postgres) tenant: Vec<i64>,
    pub(in crate::adapters::postgres) owner: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) author: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) look_at: Vec<Option<i64>>,
    pub(in crate::adapters::postgres) status: Vec<&'static str>,
    pub(in crate::adapters::postgres) source: Vec<&'static str>,
    pub(in crate::adapters::postgres) body: Vec<Hidden<'a>>,
}

impl<'a> Improvements<'a> {
    pub(super) fn push(&mut self, row: &'a ImprovementColumns, body: Hidden<'a>) {
        self.id.push(Hash(row.id));
        self.group.push(row.group.as_ref().map(|group| Hidden(group)));
        self.tenant.push(row.tenant);
        self.owner.push(row.owner);
        self.author.push(row.author);
        self.look_at.push(row.look_at);
        self.status.push(row.status);
        self.source.push(row.source);
        self.body.push(body);
    }
}

impl<'a> References<'a> {
    pub(super) fn push(&mut self, tenant: i64, reference: &'a str, case: [u8; 16]) {
        self.tenant.push(tenant);
        self.case_id.push(Hash(case));
        self.reference.push(reference);
    }
}

impl<'a> Externals<'a> {
    pub(super) fn push(&mut self, row: &'a ExternalColumns, body: Hidden<'a>) {
        self.id.push(Hash(row.id));
        self.place.push(Hash(row.place));
        self.tenant.push(row.tenant);
        self.due_at.push(row.due_at);
        self.system.push(&row.system);
        self.body.push(body);
    }
}
