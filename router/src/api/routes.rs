//! Every route with the roles that may use it and what it says of itself, in one place.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::auth::{Guard, guard};
use super::problem::Failure;
use super::{
    Shared, about, accounts, answers, audit, canned, case_acts, case_alike, case_events, case_list, case_types, cases,
    causes, company, connect, consents, conversations, customer, decision_allowance, decision_links, decision_list,
    decisions, drafts, endpoints, explanation, externals, floor, health, held, hooks, improvement_acts,
    improvement_figures, improvements, items, journeys, keys, ledger, macros, matters, media, notes, operations, pages,
    people, poll, promises, push, quality, queues, review_list, reviews, rule_day, rule_help, rule_replay, rule_trial,
    rules, search, sessions, status, synced, system_keys, tasks, transcripts, users, webhooks, work, workers, worklist,
};
use crate::directory::Role;
use crate::directory::Role::{Admin, Auditor, Integrator, Operations, Supervisor, Worker};
use crate::openapi::about::About;
use crate::openapi::{self, Open};

/// A route of the API.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with names of its parts in braces.
    pub path: &'static str,
    /// Who may.
    pub roles: &'static [Role],
    /// True for what a person must be able to do before he has a password of his own.
    pub early: bool,
    /// True for what only the owner of the caller's shard can answer: any other router hands it on.
    pub of_owner: bool,
    /// What it is, for the OpenAPI document.
    pub about: fn() -> About,
    handler: MethodRouter<Shared>,
}

const READ: &[Role] = &[Integrator, Supervisor, Operations, Auditor, Admin];
const READ_OR_WORK: &[Role] = &[Integrator, Worker, Supervisor, Operations, Auditor, Admin];
const WATCH: &[Role] = &[Supervisor, Operations, Auditor, Admin];
const MEET: &[Role] = &[Worker, Supervisor, Operations, Auditor, Admin];
const OPERATE: &[Role] = &[Operations, Auditor, Admin];
const PUSH: &[Role] = &[Integrator, Supervisor, Admin];
const MOVE: &[Role] = &[Supervisor, Admin];
const WORK: &[Role] = &[Worker, Admin];
/// Who puts right what other systems told.
const STAND_OVER: &[Role] = &[Supervisor, Operations, Admin];
/// Who has a desk.
const DESK: &[Role] = &[Worker];
const STAND: &[Role] = &[Worker, Supervisor, Admin];
const ALL: &[Role] = READ_OR_WORK;
const TELL: &[Role] = &[Integrator, Worker, Supervisor, Admin];
const MANAGE: &[Role] = &[Operations, Admin];
const REVIEW: &[Role] = &[Auditor, Admin];

/// Every route that takes a key or a session.
pub fn routes() -> Vec<Route> {
    let route = |method, path, roles, handler, about| Route {
        method,
        path,
        roles,
        early: false,
        of_owner: false,
        about,
        handler,
    };
    let get = |path, roles, handler, about| route(Method::GET, path, roles, handler, about);
    let post = |path, roles, handler, about| route(Method::POST, path, roles, handler, about);
    let early = |route| Route { early: true, ..route };
    let owner = |route| Route { of_owner: true, ..route };
    vec![
        owner(post("/v1/items", PUSH, self::post(items::push), about::items::push)),
        owner(post("/v1/cases", TELL, self::post(cases::open), about::cases::open)),
        get("/v1/cases", READ_OR_WORK, self::get(case_list::list), about::cases::list),
        get("/v1/cases/alike", STAND, self::get(case_alike::list), about::cases::alike),
        get("/v1/cases/counts", READ, self::get(case_list::counts), about::cases::counts),
        get("/v1/case-types", READ_OR_WORK, self::get(case_types::list), about::cases::types),
        get("/v1/cases/{id}", READ_OR_WORK, self::get(cases::one), about::cases::one),
        get("/v1/cases/{id}/history", READ_OR_WORK, self::get(case_events::list), about::cases::history),
        get("/v1/cases/{id}/journey", READ_OR_WORK, self::get(journeys::of_case), about::journeys::of_case),
        get("/v1/contacts/{id}/journey", READ_OR_WORK, self::get(journeys::of_contact), about::journeys::of_contact),
        owner(post("/v1/cases/{id}", TELL, self::post(case_acts::act), about::cases::act)),
        owner(post("/v1/decisions", STAND, self::post(decisions::ask), about::decisions::ask)),
        get("/v1/decisions", READ_OR_WORK, self::get(decision_list::list), about::decisions::list),
        get("/v1/decisions/allowance", STAND, self::get(decision_allowance::allowance), about::decisions::allowance),
        get("/v1/decisions/export", WATCH, self::get(ledger::export), about::decisions::export),
        get("/v1/decisions/proposals", WATCH, self::get(ledger::propose), about::decisions::propose),
        get("/v1/decisions/{id}", READ_OR_WORK, self::get(decisions::one), about::decisions::one),
        owner(post("/v1/decisions/{id}", STAND, self::post(decisions::act), about::decisions::act)),
        get("/v1/reviews", MEET, self::get(review_list::list), about::quality::list),
        get("/v1/reviews/export", WATCH, self::get(review_list::export), about::quality::export),
        get("/v1/reviews/{id}", MEET, self::get(reviews::one), about::quality::one),
        owner(post("/v1/reviews/{id}", STAND, self::post(reviews::act), about::quality::act)),
        get("/v1/answers", MEET, self::get(answers::list), about::quality::answers),
        owner(post("/v1/answers/{id}", STAND, self::post(answers::rate), about::quality::rate)),
        get("/v1/causes", MEET, self::get(causes::list), about::quality::causes),
        get("/v1/quality", WATCH, self::get(quality::show), about::quality::show),
        post("/v1/decisions/{id}/link", STAND, self::post(decision_links::link), about::decisions::link),
        owner(post("/v1/improvements", ALL, self::post(improvements::open), about::improvements::open)),
        get("/v1/improvements", ALL, self::get(improvement_figures::list), about::improvements::list),
        get("/v1/improvements/alike", WATCH, self::get(improvement_figures::alike), about::improvements::alike),
        get("/v1/improvements/export", WATCH, self::get(improvement_figures::export), about::improvements::export),
        get("/v1/improvements/{id}", ALL, self::get(improvements::one), about::improvements::one),
        owner(post("/v1/improvements/{id}", STAND, self::post(improvement_acts::act), about::improvements::act)),
        get("/v1/systems", OPERATE, self::get(system_keys::list), about::systems::list),
        post("/v1/systems/{system}/keys", MANAGE, self::post(system_keys::rotate), about::systems::rotate),
        route(Method::DELETE, "/v1/systems/{system}/keys", MANAGE, delete(system_keys::remove), about::systems::remove),
        owner(post("/v1/systems/{system}/events", PUSH, self::post(externals::tell), about::externals::tell)),
        get("/v1/systems/{system}/{records}/{reference}", READ, self::get(synced::one), about::synced::one),
        owner(route(
            Method::PUT,
            "/v1/systems/{system}/{records}/{reference}",
            PUSH,
            put(synced::put),
            about::synced::put,
        )),
        owner(post("/v1/systems/{system}/{records}/import", PUSH, self::post(synced::import), about::synced::import)),
        get("/v1/external-events", WATCH, self::get(externals::list), about::externals::list),
        owner(post("/v1/external-events/{id}", STAND_OVER, self::post(externals::act), about::externals::act)),
        get("/v1/promises", READ_OR_WORK, self::get(promises::list), about::cases::promises),
        get("/v1/tasks", READ_OR_WORK, self::get(tasks::list), about::tasks::list),
        get("/v1/tasks/{id}", READ_OR_WORK, self::get(tasks::one), about::tasks::one),
        owner(route(Method::DELETE, "/v1/tasks/{id}", PUSH, delete(tasks::cancel), about::tasks::cancel)),
        get("/v1/tasks/{id}/messages", READ_OR_WORK, self::get(tasks::messages), about::tasks::messages),
        get("/v1/tasks/{id}/customer", READ_OR_WORK, self::get(customer::one), about::tasks::customer),
        get("/v1/tasks/{id}/notes", MEET, self::get(notes::list), about::notes::list),
        owner(post("/v1/tasks/{id}/notes", STAND, self::post(notes::add), about::notes::add)),
        get("/v1/mentions", WORK, self::get(notes::mentions), about::notes::mentions),
        owner(post("/v1/mentions/seen", WORK, self::post(notes::see), about::notes::see)),
        post("/v1/tasks/{id}/status-link", TELL, self::post(status::link), about::status::link),
        get("/v1/search", MEET, self::get(search::find), about::search::find),
        get("/v1/drafts", WORK, self::get(drafts::list), about::drafts::list),
        route(Method::PUT, "/v1/tasks/{id}/draft", WORK, put(drafts::put), about::drafts::put),
        get("/v1/tasks/{id}/answers", STAND, self::get(canned::of_task), about::canned::of_task),
        owner(post("/v1/tasks/{id}/macros/{name}", WORK, self::post(macros::run), about::macros::run)),
        get("/v1/held-macro", WORK, self::get(held::one), about::held::one),
        owner(route(Method::PUT, "/v1/held-macro", WORK, put(held::put), about::held::put)),
        owner(route(Method::DELETE, "/v1/held-macro", WORK, delete(held::remove), about::held::remove)),
        owner(post("/v1/held-macro/now", WORK, self::post(held::hasten), about::held::hasten)),
        get("/v1/push/key", DESK, self::get(push::key), about::push::key),
        get("/v1/push/devices", DESK, self::get(push::list), about::push::list),
        post("/v1/push/devices", DESK, self::post(push::add), about::push::add),
        route(Method::DELETE, "/v1/push/devices/{device}", DESK, delete(push::remove), about::push::remove),
        get("/v1/canned-answers", MEET, self::get(canned::list), about::canned::list),
        route(Method::PUT, "/v1/canned-answers/{name}", MANAGE, put(canned::put), about::canned::put),
        route(Method::DELETE, "/v1/canned-answers/{name}", MANAGE, delete(canned::remove), about::canned::remove),
        owner(get("/v1/tasks/{id}/explanation", READ, self::get(explanation::one), about::tasks::explanation)),
        owner(post("/v1/tasks/{id}/transfer", MOVE, self::post(tasks::transfer), about::tasks::transfer)),
        owner(post("/v1/tasks/{id}/take", WORK, self::post(worklist::take), about::worklist::take)),
        owner(get("/v1/worklist", MEET, self::get(worklist::list), about::worklist::list)),
        owner(get("/v1/worklist/views", MEET, self::get(worklist::views), about::worklist::views)),
        route(Method::PUT, "/v1/worklist/views/{name}", MEET, put(worklist::put_view), about::worklist::put_view),
        route(
            Method::DELETE,
            "/v1/worklist/views/{name}",
            MEET,
            delete(worklist::remove_view),
            about::worklist::remove_view,
        ),
        owner(post("/v1/tasks/{id}/accept", WORK, self::post(work::accept), about::work::accept)),
        owner(post("/v1/tasks/{id}/decline", WORK, self::post(work::decline), about::work::decline)),
        owner(post("/v1/tasks/{id}/reply", WORK, self::post(work::reply), about::work::reply)),
        owner(post("/v1/tasks/{id}/settle", WORK, self::post(work::settle), about::work::settle)),
        get("/v1/conversations", READ, self::get(conversations::list), about::conversations::list),
        owner(post("/v1/conversations", WORK, self::post(conversations::start), about::conversations::start)),
        get("/v1/conversations/{id}", READ, self::get(conversations::one), about::conversations::one),
        get(
            "/v1/conversations/{id}/messages",
            READ,
            self::get(conversations::messages),
            about::conversations::messages,
        ),
        owner(post("/v1/logged-contacts", WORK, self::post(conversations::log), about::conversations::log)),
        get("/v1/media/{id}", READ_OR_WORK, self::get(media::one), about::media::one),
        get("/v1/conversations/{id}/person", READ, self::get(people::of_conversation), about::people::of_conversation),
        get("/v1/people", READ, self::get(people::one), about::people::one),
        owner(post("/v1/people/merge", MOVE, self::post(people::merge), about::people::merge)),
        owner(post("/v1/people/split", MOVE, self::post(people::split), about::people::split)),
        owner(post("/v1/matters/join", STAND, self::post(matters::join), about::matters::join)),
        owner(post("/v1/matters/part", STAND, self::post(matters::part), about::matters::part)),
        get("/v1/consents", READ, self::get(consents::list), about::consents::list),
        owner(route(Method::PUT, "/v1/consents", TELL, put(consents::put), about::consents::put)),
        owner(get("/v1/queues", READ_OR_WORK, self::get(queues::list), about::queues::list)),
        owner(get("/v1/queues/{name}", READ_OR_WORK, self::get(queues::one), about::queues::one)),
        owner(get("/v1/floor", WATCH, self::get(floor::one), about::floor::one)),
        owner(get("/v1/workers", MEET, self::get(workers::list), about::workers::list)),
        owner(get("/v1/workers/connect", WORK, self::get(connect::connect), about::workers::connect)),
        owner(post("/v1/workers/{name}/poll", WORK, self::post(poll::poll), about::workers::poll)),
        owner(post("/v1/workers/{name}/presence", STAND, self::post(workers::presence), about::workers::presence)),
        owner(post("/v1/workers/{name}/messages", MOVE, self::post(workers::tell), about::workers::tell)),
        get("/v1/accounts", WATCH, self::get(accounts::list), about::accounts::list),
        owner(post("/v1/outbox/{id}/resend", STAND, self::post(operations::resend), about::operations::resend)),
        get("/v1/outbox", WATCH, self::get(operations::outbox), about::operations::outbox),
        get("/v1/events", OPERATE, self::get(operations::events), about::operations::events),
        get("/v1/event-endpoints", OPERATE, self::get(endpoints::list), about::endpoints::list),
        post("/v1/event-endpoints", MANAGE, self::post(endpoints::add), about::endpoints::add),
        get("/v1/event-endpoints/{name}", OPERATE, self::get(endpoints::one), about::endpoints::one),
        route(Method::PATCH, "/v1/event-endpoints/{name}", MANAGE, patch(endpoints::change), about::endpoints::change),
        route(
            Method::DELETE,
            "/v1/event-endpoints/{name}",
            MANAGE,
            delete(endpoints::remove),
            about::endpoints::remove,
        ),
        post("/v1/event-endpoints/{name}/rotate", MANAGE, self::post(endpoints::rotate), about::endpoints::rotate),
        post("/v1/event-endpoints/{name}/test", MANAGE, self::post(endpoints::test), about::endpoints::test),
        get(
            "/v1/event-endpoints/{name}/deliveries",
            OPERATE,
            self::get(endpoints::deliveries),
            about::endpoints::deliveries,
        ),
        post("/v1/event-endpoints/{name}/replay", MANAGE, self::post(endpoints::replay), about::endpoints::replay),
        get("/v1/quarantine", OPERATE, self::get(operations::quarantine), about::operations::quarantine),
        post("/v1/quarantine/{id}/replay", MANAGE, self::post(operations::replay), about::operations::replay),
        early(get("/v1/sessions/current", ALL, self::get(sessions::current), about::sessions::current)),
        early(route(Method::DELETE, "/v1/sessions/current", ALL, delete(sessions::end), about::sessions::end)),
        early(post(
            "/v1/sessions/current/password",
            ALL,
            self::post(sessions::change_password),
            about::sessions::change_password,
        )),
        get("/v1/users", MANAGE, self::get(users::list), about::users::list),
        post("/v1/users", MANAGE, self::post(users::add), about::users::add),
        route(Method::PATCH, "/v1/users/{name}", MANAGE, patch(users::change), about::users::change),
        get("/v1/keys", MANAGE, self::get(keys::list), about::users::keys),
        get("/v1/rules", WATCH, self::get(rules::one), about::rules::one),
        get("/v1/rules/schema", WATCH, self::get(rule_help::schema), about::rules::schema),
        get("/v1/rules/versions", WATCH, self::get(rules::versions), about::rules::versions),
        post("/v1/rules/check", WATCH, self::post(rules::check), about::rules::check_text),
        post("/v1/rules/explain", WATCH, self::post(rules::explain), about::rules::explain),
        post("/v1/rules/replay", WATCH, self::post(rule_replay::replay), about::rules::replay),
        post("/v1/rules/replay/day", WATCH, self::post(rule_day::replay), about::rules::replay_day),
        route(Method::PUT, "/v1/rules/draft", MANAGE, put(rules::draft), about::rules::draft),
        post("/v1/rules/publish", MANAGE, self::post(rules::publish), about::rules::publish),
        get("/v1/rules/trial", WATCH, self::get(rule_trial::status), about::trials::status),
        post("/v1/rules/trial", MANAGE, self::post(rule_trial::begin), about::trials::begin),
        post("/v1/rules/trial/end", MANAGE, self::post(rule_trial::end), about::trials::end),
        post("/v1/rules/rollback", MANAGE, self::post(rules::rollback), about::rules::rollback),
        get("/v1/audit", REVIEW, self::get(audit::list), about::users::audit),
    ]
}

/// Every route of the API that takes neither.
pub fn open_routes() -> Vec<Open<Shared>> {
    let quiet = |route: Open<Shared>| route.around(|handler| handler.layer(from_fn(quiet_headers)));
    let webhook = "/v1/webhooks/{channel}/{account}";
    vec![
        Open::get(webhook, webhooks::handshake, about::webhooks::handshake),
        Open::post(webhook, webhooks::receive, about::webhooks::receive),
        quiet(Open::post("/v1/hooks/{tenant}/{system}", hooks::receive, about::systems::receive)),
        quiet(Open::post("/v1/sessions", sessions::begin, about::sessions::begin)),
        Open::get("/v1/openapi.json", openapi::serve, about::health::document),
        Open::get("/livez", health::live, about::health::live),
        Open::get("/readyz", health::ready, about::health::ready),
        Open::get("/metrics", health::metrics, about::health::metrics),
        Open::get("/", pages::home, about::pages::home),
        Open::get("/sign-in", company::sign_in_page, about::pages::sign_in),
        quiet(Open::get("/sign-in/company", company::begin, about::pages::company)),
        quiet(Open::get("/sign-in/company/back", company::back, about::pages::company_back)),
        quiet(Open::get("/desk", pages::desk, about::pages::desk)),
        quiet(Open::get("/console", pages::console_home, about::pages::console_home)),
        quiet(Open::get("/console/{section}", pages::console, about::pages::console)),
        quiet(Open::get("/console/work/{id}", pages::console_task, about::pages::console_task)),
        quiet(Open::get("/console/cases/{id}", pages::console_case, about::pages::console_case)),
        quiet(Open::get("/console/improvements/{id}", pages::console_improvement, about::pages::console_improvement)),
        quiet(Open::get("/status/{token}", status::page, about::status::page)),
        quiet(Open::get("/decide/{token}", decision_links::page, about::decisions::page)),
        quiet(Open::post("/decide/{token}", decision_links::act, about::decisions::act_by_link)),
        quiet(Open::get("/transcripts/{id}", transcripts::one, about::pages::transcript)),
        quiet(Open::get("/password", pages::password, about::pages::password)),
    ]
}

/// The whole API as a service that needs no port.
pub fn app(shared: Shared) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let guarded = Guard { app: shared.clone(), roles: route.roles, early: route.early, of_owner: route.of_owner };
        let handler = route.handler.layer(from_fn_with_state(guarded, guard)).layer(from_fn(quiet_headers));
        router = router.route(route.path, handler);
    }
    Open::add(router, open_routes())
        .merge(crate::pages::router())
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .with_state(shared)
}

/// What the API answers is for the caller alone: no cache keeps it and no browser guesses its type.
async fn quiet_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn unknown_path() -> Response {
    let detail = "there is no such address: /docs lists all there are";
    Failure::new(StatusCode::NOT_FOUND, "unknown_url", "There is no such address", detail).into_response()
}

async fn unknown_method() -> Response {
    let detail = "the header Allow of this answer names the methods of this address";
    let title = "This address has no such method";
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "unknown_method", title, detail).into_response()
}
