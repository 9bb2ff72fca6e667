//! What a caller is told when something is wrong: one shape, with the place and the cure.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use blendline_authority::Shortfall;
use blendline_core::Refusal;
use blendline_wire::{Problem, TenantId, WorkerId, money};

use crate::directory::Directory;
use crate::handle::{CallError, NotDecided};
use crate::ports::store::StoreError;

/// A problem on its way to a caller.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong. Boxed: results pass through many hands, and most hold none.
    pub problem: Box<Problem>,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u64>,
}

impl Failure {
    /// A failure that trying again does not mend.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self { problem: Box::new(Problem::new(status.as_u16(), code, title, detail)), retry_after_s: None }
    }

    /// The same, naming the place.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.problem.field = Some(field.into());
        self
    }

    /// The same, with the word for why and what fills the places of its sentence.
    #[must_use]
    pub fn why(mut self, reason: &str, values: &[(&str, String)]) -> Self {
        *self.problem = self.problem.why(reason, values);
        self
    }

    /// The same, to be tried again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// There is no such thing, or it belongs to another tenant: nobody can tell which.
    pub fn not_found(what: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, &format!("unknown_{what}"), "There is no such thing", detail)
    }

    /// What was sent cannot be read or makes no sense.
    pub fn bad(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The request cannot be read", detail).at(field)
    }

    /// Somebody else is needed first, or more time.
    pub fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Not available at the moment", detail).retry_after(1)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after_s: None }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the record did not answer");
        Self::busy("the record does not answer: try again")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A refused call in a caller's words: with names, and nothing of other tenants.
pub fn of_call(error: CallError, tenant: TenantId, directory: &Directory) -> Failure {
    let name = |worker: WorkerId| {
        let (owner, name) = directory.workers.get(&worker)?;
        (*owner == tenant).then_some(name.as_str())
    };
    match error {
        CallError::Refused(Refusal::Fenced { lease, owner: Some(owner) }) => match name(owner) {
            Some(name) => fenced(format!("the task belongs to {name} now, under lease {}", lease.0)),
            None => unknown_task(),
        },
        CallError::Refused(Refusal::Fenced { lease, owner: None }) => {
            fenced(format!("the task went back to its queue and belongs to nobody now; the last lease was {}", lease.0))
        }
        CallError::Closed { how, worker, lease } => {
            let by = worker.and_then(name).map_or_else(String::new, |name| format!(" by {name}"));
            fenced(format!("the task was closed as {how}{by}, under lease {}", lease.0))
        }
        CallError::Refused(refusal) => of_refusal(&refusal),
        CallError::Case(refusal) => of_case(refusal),
        CallError::Decision(why) => of_decision(*why, name),
        CallError::Improvement(refusal) => of_improvement(refusal, name),
        CallError::Waiting(decision) => {
            let detail = format!("somebody is asked: the task comes back with the answer to {decision}");
            Failure::new(StatusCode::ACCEPTED, "waiting", "Somebody is asked", detail)
        }
        CallError::Undecided(decision) => {
            let detail = format!("the task asks for a decision: make it with POST /v1/decisions/{decision}");
            conflict("undecided", detail)
        }
        CallError::Judgement(refusal) => of_review(refusal),
        CallError::Unreviewed(review) => {
            let detail = format!("the task asks for a review: make it with POST /v1/reviews/{review}");
            conflict("unreviewed", detail)
        }
        CallError::KeyReused => conflict(
            "key_reused",
            "this key was used before for other words: give each message a key of its own".to_owned(),
        )
        .at("key"),
        CallError::NotTaken(why) => conflict("not_taken", why.says().to_owned()),
        CallError::NoRule => {
            let detail = "no rule takes this item: name a `queue`, or add a rule with `channel: item`";
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "no_rule", "This cannot be done", detail).at("/queue")
        }
        CallError::NotSent(cause) if cause.reason == "no_consent" => {
            let status = StatusCode::FORBIDDEN;
            Failure::new(status, "no_consent", "The customer does not want this", cause.detail).at("purpose")
        }
        CallError::NotSent(cause) => conflict(&cause.reason, cause.detail).at("privately"),
        CallError::NoConsent(purpose) => no_consent(&purpose),
        CallError::Elsewhere { owner } => {
            let detail = format!("another router serves this tenant: call {owner}");
            let (status, title) = (StatusCode::SERVICE_UNAVAILABLE, "Served by another router");
            Failure::new(status, "served_elsewhere", title, detail).retry_after(1)
        }
        CallError::Unavailable(cause) => Failure::busy(format!("{cause}: try again")),
    }
}

fn fenced(what: String) -> Failure {
    let detail = format!("{what}; nothing of this call was done: drop the task and wait for the next");
    Failure::new(StatusCode::CONFLICT, "fenced", "The task is not yours any more", detail)
}

fn no_consent(purpose: &str) -> Failure {
    let detail = format!(
        "the customer has not agreed to messages for `{purpose}` on this channel: wait until he writes, or record his \
         consent with PUT /v1/consents"
    );
    Failure::new(StatusCode::FORBIDDEN, "no_consent", "The customer does not want this", detail).at("purpose")
}

fn conflict(code: &str, detail: String) -> Failure {
    Failure::new(StatusCode::CONFLICT, code, "This cannot be done now", detail)
}

fn unknown_task() -> Failure {
    Failure::not_found("task", "no task has this id")
}

fn unprocessable(code: &str, detail: String) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, code, "This cannot be done", detail)
}

fn of_decision<'a>(why: NotDecided, name: impl Fn(WorkerId) -> Option<&'a str>) -> Failure {
    use blendline_authority::{Refusal as Decision, State};
    let amount = |minor: i64| money::shown(minor, &why.currency);
    let state = |word: &str, detail: &str| conflict("wrong_decision_state", detail.to_owned()).why(word, &[]);
    match &why.refusal {
        Decision::Unknown | Decision::Exists => Failure::not_found("decision", "no decision has this id"),
        Decision::Short { reason, alone, most } => {
            let (says, alone, most) = (short(*reason), amount(*alone), amount(*most));
            let detail = format!(
                "{says}: now this worker may decide {alone} alone, and whoever may most of those above him {most}"
            );
            let values = [("alone", alone), ("most", most)];
            conflict("over_limit", detail).at("/minor").why(reason.as_str(), &values)
        }
        Decision::Own => {
            conflict("not_yours", "whoever asked does not decide: another does".to_owned()).why("own", &[])
        }
        Decision::SamePerson => {
            conflict("not_yours", "two different persons decide: the other one does".to_owned()).why("same_person", &[])
        }
        Decision::NotYours { reason, approvers } => {
            let names: Vec<&str> = approvers.iter().filter_map(|worker| name(*worker)).collect();
            let names = names.join(", ");
            let who = if names.is_empty() { "nobody may now".to_owned() } else { format!("{names} may") };
            let values: &[_] = if names.is_empty() { &[] } else { &[("names", names)] };
            conflict("not_yours", format!("{}; {who}", short(*reason))).why(reason.as_str(), values)
        }
        Decision::Decided { state: State::Waiting } => state("waiting", "it waits"),
        Decision::Decided { state: State::Granted } => state("granted", "it is granted already"),
        Decision::Decided { state: State::Denied } => state("denied", "it is denied already"),
        Decision::Decided { state: State::Withdrawn } => state("withdrawn", "it was withdrawn"),
        Decision::Decided { state: State::Reversed } => state("reversed", "it was taken back"),
        Decision::NotGranted => state("not_granted", "it is not granted, so there is nothing to take back"),
    }
}

fn of_review(refusal: blendline_quality::score::Refusal) -> Failure {
    use blendline_quality::score::Refusal as Review;
    let not_yours = |word: &str, detail: &str| conflict("not_your_review", detail.to_owned()).why(word, &[]);
    match refusal {
        Review::Unknown => Failure::not_found("review", "no review has this id"),
        Review::State(state) => conflict("wrong_review_state", format!("the review is {state}")).why(state, &[]),
        Review::TooLate => {
            conflict("wrong_review_state", "the time to answer it is over".to_owned()).why("too_late", &[])
        }
        Review::OwnWork => not_yours("own_work", "nobody reviews his own work"),
        Review::SecondEyes => not_yours("second_eyes", "two different persons review it, and you have"),
        Review::NotYours => not_yours("not_yours", "it is another's to say"),
        Review::NoForm(form) => {
            unprocessable("wrong_points", format!("the live rules have no form `{form}` any more")).at("/points")
        }
        Review::Points(name) => {
            let detail = format!("`{name}`: give every criterion of the form points within its bounds, or null");
            unprocessable("wrong_points", detail).at("/points")
        }
        Review::Nothing => unprocessable("wrong_points", "no criterion applies".to_owned()).at("/points"),
    }
}

fn of_improvement<'a>(refusal: blendline_improvements::Refusal, name: impl Fn(WorkerId) -> Option<&'a str>) -> Failure {
    use blendline_improvements::Refusal as Improvement;
    let state = |why: &str, detail: String| conflict("wrong_improvement_state", detail).why(why, &[]);
    match refusal {
        Improvement::Unknown | Improvement::Exists => Failure::not_found("improvement", "no improvement has this id"),
        Improvement::Joined { into } => state("joined", format!("it belongs to {into}: ask that, or part it first")),
        Improvement::NotJoined => state("not_joined", "it belongs to none".to_owned()),
        Improvement::NoGroup => {
            let detail = "groups have one level: join those that belong to none, and to another";
            state("no_group", detail.to_owned())
        }
        Improvement::TooMany => unprocessable("too_many", "as many belong to it as may".to_owned()),
        Improvement::WrongState { status } => state("moved", format!("it is {}", status.as_str())),
        Improvement::NotYours { managers } => {
            let names = managers.iter().filter_map(|worker| name(*worker)).collect::<Vec<_>>().join(", ");
            let detail = format!("a manager of its unit or of one above answers: {names}");
            let values = Some(("names", names)).filter(|(_, names)| !names.is_empty());
            conflict("not_yours", detail).why("no_manager", values.as_slice())
        }
        Improvement::NoDay => Failure::bad("/do_by", "it is done by a day to come").why("no_day", &[]),
        Improvement::NoWords => Failure::bad("/words", "say what will be done, or why not").why("no_words", &[]),
        Improvement::NotMeasured => {
            state("not_measured", "what is done is measured before and after, by the same measure".to_owned())
        }
    }
}

/// Why somebody may not grant something, as a sentence begins.
const fn short(reason: Shortfall) -> &'static str {
    match reason {
        Shortfall::NoGrant => "no grant names it",
        Shortfall::NotNow => "the grant does not hold now",
        Shortfall::NotQualified => "the grant asks for a skill or a quality that is not there",
        Shortfall::TooMuch => "it is more than may be decided at once",
        Shortfall::DayLimit => "it would be more than may be decided in a day",
        Shortfall::NoCustomer => "it is limited by customer: name the task or the case",
        Shortfall::CustomerLimit => "the customer would get more than he may",
        Shortfall::NobodySecond => "a second person has to agree, and there is none who may",
    }
}

fn of_case(refusal: blendline_cases::Refusal) -> Failure {
    use blendline_cases::Refusal as Case;
    let state = |detail: &str| conflict("wrong_case_state", detail.to_owned());
    let listed = |words: Vec<String>| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    match refusal {
        Case::NoCase | Case::Exists => Failure::not_found("case", "no case has this id"),
        Case::Closed => state("the case is over: open it again first"),
        Case::NotClosed => state("the case is not over"),
        Case::Confirmed => state("the customer has confirmed that it is solved"),
        Case::TooLate => state("the case has been over for too long: open a new one, and link it"),
        Case::Paused => state("the case waits already"),
        Case::NotPaused => state("the case does not wait"),
        Case::NoMove { from, allowed } => {
            conflict("no_move", format!("no move leads there from `{from}`; there is: {}", listed(allowed)))
        }
        Case::NotYours { to } => conflict("no_move", format!("the move to `{to}` is another's to make")),
        Case::NoDisposition { known } => {
            let known = listed(known);
            conflict("no_move", format!("the task belongs to a case, which this moves nowhere; use: {known}"))
                .why("no_disposition", &[("known", known)])
        }
        Case::Missing { fields } => {
            let fields = listed(fields);
            unprocessable("missing_fields", format!("set first: {fields}")).why("missing", &[("fields", fields)])
        }
        Case::UnknownField { field } => {
            unprocessable("wrong_field", format!("the case's type has no field `{field}`")).at(field)
        }
        Case::WrongValue { field, expected } => {
            unprocessable("wrong_field", format!("`{field}` holds {expected}")).at(field)
        }
        Case::NeedsDecision { field, action } => {
            unprocessable("wrong_field", format!("`{field}` is what was decided: POST /v1/decisions with `{action}`"))
                .at(field)
        }
        Case::NeedsAgreement { unit } => {
            conflict("needs_agreement", format!("the case is about `{unit}`: somebody of another unit agrees first"))
                .why("agreement", &[("unit", unit)])
        }
        Case::OwnUnit => {
            conflict("own_unit", "whoever agrees is a worker of another unit than the one it is about".to_owned())
        }
        Case::Held { by } => {
            let detail = format!("the case stands still while {by} is open");
            conflict("case_held", detail).why("held", &[("case", by.to_string())])
        }
        Case::OneVoice { case } => conflict("one_voice", format!("{case} speaks with this customer already")),
        Case::Circle => unprocessable("circle", "a case is no part of itself".to_owned()),
        Case::TooManyMoves => unprocessable("too_many", "the case was moved too often".to_owned()),
        Case::NoPromise => {
            conflict("no_promise", "the case has no promise of this number that is still owed".to_owned())
        }
        Case::WrongPromise { what } => {
            let detail = match what.as_str() {
                "due_at" => "a promise is due later than now, and within two years",
                "words" => "say what is promised, in 1 to 500 characters",
                _ => "name a stage that the case can still come to, or a field that has no value yet",
            };
            unprocessable("wrong_promise", detail.to_owned()).at(format!("/act/promise/{what}"))
        }
        Case::TooManyPromises => unprocessable("too_many", "the case has 100 promises".to_owned()),
        Case::NoType => unprocessable("no_case_type", "the live rules have no such case type any more".to_owned()),
    }
}

fn of_refusal(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Fenced { .. } => fenced("the task belongs to somebody else".to_owned()),
        Refusal::UnknownTask | Refusal::OtherTenant => unknown_task(),
        Refusal::UnknownWorker => Failure::not_found("worker", "no worker has this name"),
        Refusal::UnknownQueue => Failure::not_found("queue", "no queue has this name"),
        Refusal::UnknownAccount => Failure::not_found("account", "no account has this name"),
        Refusal::NotConnected => {
            conflict("not_connected", "the worker has no connection: connect to /v1/workers/connect first".into())
        }
        Refusal::WrongState(state) => {
            conflict("wrong_state", format!("the task is {state}, and in that state this cannot be done"))
        }
        Refusal::Circle => unprocessable("circle", "whoever is asked waits for this very task: ask another".into()),
        Refusal::TooDeep => {
            unprocessable("too_deep", "requests of requests are bounded: answer this one first".to_owned())
        }
        Refusal::TooMany(what) => unprocessable("too_many", format!("there are too many {what}: let some end first")),
        Refusal::OutOfRange(what) => unprocessable("out_of_range", format!("{what} is out of range")).at(*what),
        Refusal::AlreadyOpen(conversation) => {
            conflict("already_open", format!("the contact has the open conversation {conversation}: reply there"))
        }
        Refusal::NoConversation => {
            unprocessable("no_conversation", "the task has no customer to reply to: put it in the note".to_owned())
        }
    }
}
