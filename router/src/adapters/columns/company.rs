//! The columns of what the company keeps beside the scheduler: cases, decisions, announcements, judgements, improvements.

use blendline_authority::Line;
use blendline_cases::Case;
use blendline_cases::systems::Held;
use blendline_improvements::Improvement;
use blendline_quality::Judgement;

use super::{Batch, Body, contact_bytes, sql};
use crate::ports::external::counted_at;
use crate::ports::store::StoreError;

pub(in crate::adapters) struct CaseColumns {
    pub(in crate::adapters) id: [u8; 16],
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) case_type: String,
    pub(in crate::adapters) stage: String,
    pub(in crate::adapters) contact: Option<[u8; 16]>,
    pub(in crate::adapters) matter: Option<i64>,
    pub(in crate::adapters) task: Option<i64>,
    pub(in crate::adapters) owner: Option<i64>,
    pub(in crate::adapters) open: bool,
    pub(in crate::adapters) opened_at: i64,
    pub(in crate::adapters) due_at: Option<i64>,
    pub(in crate::adapters) look_at: Option<i64>,
    pub(in crate::adapters) promise_due: Option<i64>,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct LineColumns {
    pub(in crate::adapters) decision: [u8; 16],
    pub(in crate::adapters) line: i32,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) at: i64,
    pub(in crate::adapters) kind: &'static str,
    pub(in crate::adapters) action: String,
    pub(in crate::adapters) currency: String,
    pub(in crate::adapters) minor: i64,
    pub(in crate::adapters) asker: i64,
    pub(in crate::adapters) holder: Option<i64>,
    pub(in crate::adapters) second_holder: Option<i64>,
    pub(in crate::adapters) contact: Option<[u8; 16]>,
    pub(in crate::adapters) approval: Option<i64>,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct ExternalColumns {
    pub(in crate::adapters) id: [u8; 16],
    pub(in crate::adapters) place: [u8; 16],
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) due_at: Option<i64>,
    pub(in crate::adapters) system: String,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct JudgementColumns {
    pub(in crate::adapters) id: [u8; 16],
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) at: i64,
    pub(in crate::adapters) kind: &'static str,
    pub(in crate::adapters) worker: Option<i64>,
    pub(in crate::adapters) judge: Option<i64>,
    pub(in crate::adapters) task: Option<i64>,
    pub(in crate::adapters) open: bool,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct ImprovementColumns {
    pub(in crate::adapters) id: [u8; 16],
    pub(in crate::adapters) group: Option<[u8; 16]>,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) owner: Option<i64>,
    pub(in crate::adapters) author: Option<i64>,
    pub(in crate::adapters) look_at: Option<i64>,
    pub(in crate::adapters) status: &'static str,
    pub(in crate::adapters) source: &'static str,
    pub(in crate::adapters) body: Body,
}

impl Batch {
    pub(super) fn case(&mut self, case: &Case) -> Result<CaseColumns, StoreError> {
        Ok(CaseColumns {
            id: case.id.0.to_be_bytes(),
            tenant: sql(case.tenant.0),
            case_type: case.case_type.clone(),
            stage: case.stage.name.clone(),
            contact: case.links.contact.map(contact_bytes),
            matter: case.links.matter.map(|matter| sql(matter.0)),
            task: case.task.map(|task| sql(task.0)),
            owner: case.owner.map(|owner| sql(owner.0)),
            open: case.is_open(),
            opened_at: sql(case.opened_at.0),
            due_at: case.due_at().map(|due| sql(due.0)),
            look_at: case.look_at.map(|at| sql(at.0)),
            promise_due: case.promise_due_at().map(|due| sql(due.0)),
            body: self.body(case)?,
        })
    }

    pub(super) fn line(&mut self, line: &Line) -> Result<LineColumns, StoreError> {
        let told = &line.told;
        Ok(LineColumns {
            decision: told.decision.0.to_be_bytes(),
            line: told.line.cast_signed(),
            tenant: sql(line.tenant.0),
            at: sql(line.at.0),
            kind: line.kind.as_str(),
            action: told.action.clone(),
            currency: told.currency.clone(),
            minor: told.minor,
            asker: sql(told.asker.0),
            holder: told.holder.map(|holder| sql(holder.0)),
            second_holder: told.second_holder.map(|holder| sql(holder.0)),
            contact: told.contact.map(contact_bytes),
            approval: told.approval.map(|task| sql(task.0)),
            body: self.body(line)?,
        })
    }

    pub(super) fn external(&mut self, held: &Held) -> Result<ExternalColumns, StoreError> {
        Ok(ExternalColumns {
            id: held.id.0.to_be_bytes(),
            place: counted_at(&held.event),
            tenant: sql(held.event.tenant.0),
            due_at: held.due_at().map(|due| sql(due.0)),
            system: held.event.system.clone(),
            body: self.body(held)?,
        })
    }

    pub(super) fn judgement(&mut self, judgement: &Judgement) -> Result<JudgementColumns, StoreError> {
        Ok(JudgementColumns {
            id: judgement.id().0.to_be_bytes(),
            tenant: sql(judgement.tenant().0),
            at: sql(judgement.at().0),
            kind: judgement.kind().as_str(),
            worker: judgement.worker().map(|worker| sql(worker.0)),
            judge: judgement.by().map(|judge| sql(judge.0)),
            task: judgement.task().map(|task| sql(task.0)),
            open: judgement.is_open(),
            body: self.body(judgement)?,
        })
    }

    pub(super) fn improvement(&mut self, of: &Improvement) -> Result<ImprovementColumns, StoreError> {
        Ok(ImprovementColumns {
            id: of.id.0.to_be_bytes(),
            group: of.group.map(|group| group.0.to_be_bytes()),
            tenant: sql(of.tenant.0),
            owner: of.owner.map(|owner| sql(owner.0)),
            author: of.author().map(|author| sql(author.0)),
            look_at: of.look_at.map(|at| sql(at.0)),
            status: of.status.as_str(),
            source: of.source.as_str(),
            body: self.body(of)?,
        })
    }
}
