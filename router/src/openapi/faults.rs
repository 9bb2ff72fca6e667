//! The problems that routes answer with, for their documentation. A test holds every answer of the API's tests against
//! what its route says here, so a problem that is not listed shows.

/// A problem that a route may answer with (RFC 9457).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The stable word for programs.
    pub code: &'static str,
    /// When it is answered.
    pub says: &'static str,
}

macro_rules! faults {
    ($($name:ident = $status:literal $code:literal $says:literal;)+) => {
        $(
            #[doc = $says]
            pub const $name: Fault = Fault { status: $status, code: $code, says: $says };
        )+
    };
}

faults! {
    BAD_REQUEST = 400 "bad_request" "The request cannot be read or makes no sense; `field` names the place.";
    UNAUTHORIZED = 401 "unauthorized" "No key and no session, or one that is not known (any more).";
    WRONG_CREDENTIALS = 401 "wrong_credentials" "Tenant, name or password is wrong, or the user is disabled.";
    STEP_UP = 401 "step_up" "A proof of who it is, at this moment, is needed.";
    BAD_TOKEN = 401 "bad_token" "The visitor's token is not ours or its time is over: open a session.";
    NO_SIGNATURE = 401 "no_signature" "The signature's header is absent or of another form.";
    WRONG_SIGNATURE = 401 "wrong_signature" "The signature does not match the body.";
    WRONG_TIME = 401 "wrong_time" "The signature was made more than five minutes from now.";
    NO_SECRET = 401 "not_configured" "The account has no secret to check with.";
    FORBIDDEN = 403 "forbidden" "The caller's role or worker may not.";
    CSRF = 403 "csrf" "With a session: the page's token is missing or old.";
    FOREIGN_PAGE = 403 "foreign_page" "With a session: the page is not one of this server.";
    COMPANY_SIGN_IN = 403 "company_sign_in" "The tenant signs in with its own accounts alone.";
    MUST_CHANGE = 403 "must_change" "With a session: the password is for one time and must be changed first.";
    NO_CONSENT = 403 "no_consent" "The customer has not agreed to be written to for this purpose.";
    NO_WORKER = 403 "no_worker" "Who is signed in is no worker.";
    FOREIGN_ORIGIN = 403 "foreign_origin" "The page may not use this chat: its origin is not among `allowed_origins`.";
    NO_HANDSHAKE = 403 "no_handshake" "The query is not the platform's handshake.";
    WRONG_TOKEN = 403 "wrong_token" "The handshake's token is not the account's.";
    NO_TOKEN = 403 "not_configured" "The account has no token to check with.";
    NOT_SUPPORTED = 403 "not_supported" "The channel has no handshake.";
    UNKNOWN_ACCOUNT = 404 "unknown_account" "No account has this name.";
    UNKNOWN_ANSWER = 404 "unknown_answer" "No answer of the caller's has this id.";
    UNKNOWN_CANNED = 404 "unknown_canned_answer" "No ready answer has this name.";
    UNKNOWN_CASE = 404 "unknown_case" "No case of the caller's has this id.";
    UNKNOWN_CASE_TYPE = 404 "unknown_case_type" "No case type has this name; the detail offers the nearest.";
    UNKNOWN_CONTACT = 404 "unknown_contact" "No contact of the caller's has this id.";
    UNKNOWN_CONVERSATION = 404 "unknown_conversation" "No conversation of the caller's has this id.";
    UNKNOWN_DECISION = 404 "unknown_decision" "No decision of the caller's has this id.";
    UNKNOWN_ENDPOINT = 404 "unknown_endpoint" "No endpoint has this name.";
    UNKNOWN_EXTERNAL = 404 "unknown_external_event" "No event of the caller's that was put aside has this id.";
    UNKNOWN_HELD = 404 "unknown_held_macro" "No macro of this number waits, nor was one done.";
    UNKNOWN_LINK = 404 "unknown_link" "The link is not ours, or its time is over.";
    UNKNOWN_MEDIA = 404 "unknown_media" "No file that the caller may see has this id.";
    UNKNOWN_OUTBOUND = 404 "unknown_outbound" "No message of the caller's has this id.";
    UNKNOWN_PUSH_DEVICE = 404 "unknown_push_device" "No device of the caller's has this id.";
    UNKNOWN_QUARANTINED = 404 "unknown_quarantined" "Nothing of the caller's in the quarantine has this number.";
    UNKNOWN_IMPROVEMENT = 404 "unknown_improvement" "No improvement of the caller's has this id.";
    UNKNOWN_QUEUE = 404 "unknown_queue" "No queue has this name; the detail offers the nearest.";
    UNKNOWN_RECORD = 404 "unknown_record" "The system has told no such record.";
    UNKNOWN_REVIEW = 404 "unknown_review" "No review of the caller's has this id.";
    UNKNOWN_SKILL = 404 "unknown_skill" "No skill has this name.";
    UNKNOWN_SYSTEM = 404 "unknown_system" "No system of this name has keys.";
    UNKNOWN_TASK = 404 "unknown_task" "No task of the caller's has this id.";
    UNKNOWN_URL = 404 "unknown_url" "There is no such address.";
    UNKNOWN_USER = 404 "unknown_user" "No user has this name.";
    UNKNOWN_VERSION = 404 "unknown_version" "No version of the rules has this number.";
    UNKNOWN_WORKER = 404 "unknown_worker" "No worker has this name.";
    SLOW_BODY = 408 "slow_body" "The body took too long.";
    ALREADY_OPEN = 409 "already_open" "The contact has an open conversation: reply there.";
    NEEDS_AGREEMENT = 409 "needs_agreement" "The case is about a unit, which cannot do that alone: somebody of another unit agrees first.";
    OWN_UNIT = 409 "own_unit" "Whoever is to agree is of the unit that the case is about, or of none.";
    CASE_HELD = 409 "case_held" "The case stands still because of another case of its customer; the detail names it.";
    ONE_VOICE = 409 "one_voice" "Another case speaks with this customer already; the detail names it.";
    NO_PROMISE = 409 "no_promise" "The case has no promise of this number that is still owed.";
    CASE_STATE = 409 "wrong_case_state" "The case is over, or is not, or waits, or has been over for too long.";
    CLOSED = 409 "closed" "The task is closed.";
    DECISION_STATE = 409 "wrong_decision_state" "The decision is made already, or was not granted; the detail says how it stands.";
    FENCED = 409 "fenced" "The task is not this worker's any more; nothing of the call was done.";
    HELD = 409 "held" "Another macro of this worker waits already.";
    KEY_REUSED = 409 "key_reused" "The key was used before for other words.";
    MEANWHILE = 409 "meanwhile" "Somebody else was quicker: look again.";
    NAME_TAKEN = 409 "name_taken" "Something has this name already.";
    NO_ACCOUNT = 409 "no_account" "The account is not configured any more.";
    NO_DRAFT = 409 "no_draft" "There is no draft.";
    NO_LIVE_RULES = 409 "no_live_rules" "No rules are live to try others beside.";
    NO_MOVE = 409 "no_move" "No move of the case leads there, or it is another's to make; the detail says which do.";
    NO_TRIAL = 409 "no_trial" "No rules are on trial.";
    NOT_CONNECTED = 409 "not_connected" "The worker has no connection.";
    NOT_TAKEN = 409 "not_taken" "The worker may not take the task now; the detail says why.";
    NOT_YOUR_REVIEW = 409 "not_your_review" "It is another's to say; the detail says why.";
    IMPROVEMENT_STATE = 409 "wrong_improvement_state" "Where the improvement stands this cannot be done; the detail says why.";
    NOT_YOURS = 409 "not_yours" "It is another's to decide; the detail says whose.";
    OVER_LIMIT = 409 "over_limit" "Nobody who could be asked may decide this; the detail says what would be allowed.";
    OWN_USER = 409 "own_user" "Nobody changes his own role or lets himself out.";
    PUSH_OFF = 409 "push_off" "This installation tells nobody on his devices.";
    REVIEW_STATE = 409 "wrong_review_state" "The review is made already, or is not yet; the detail says how it stands.";
    SECOND_PERSON = 409 "second_person" "The rules need two people: another than the author publishes them.";
    SESSION_ENDED = 409 "session_ended" "The connection has ended: poll without `session`.";
    UNREVIEWED = 409 "unreviewed" "The task asks for a review, which is made by itself.";
    UNDECIDED = 409 "undecided" "The task asks for a decision, which is made by itself.";
    WRONG_STATE = 409 "wrong_state" "In the state that the task is in, this cannot be done.";
    MEDIA_NOT_FETCHED = 410 "media_not_fetched" "The file could not be fetched from the platform; the detail says why.";
    TOO_LARGE = 413 "too_large" "The body is too large.";
    TOO_LONG = 413 "too_long" "The text has more than 8 KiB.";
    CONTENT_ENCODING = 415 "content_encoding" "The body is compressed.";
    MEDIA_TYPE = 415 "media_type" "The body is not `application/json`.";
    BAD_NAME = 422 "bad_name" "The name cannot be a user's.";
    BAD_ROLE = 422 "bad_role" "A person cannot have this role, or it does not fit the worker.";
    CIRCLE = 422 "circle" "Whoever is asked waits for this very task.";
    EMPTY = 422 "empty" "The message holds no words.";
    MISSING_FIELDS = 422 "missing_fields" "The move needs fields that have no value; the detail names them.";
    WRONG_POINTS = 422 "wrong_points" "Every criterion has points within its bounds, or `null`; some apply.";
    WRONG_PROMISE = 422 "wrong_promise" "A promise is due later, in some words, and kept by what can still happen.";
    NO_CASE_TYPE = 422 "no_case_type" "The live rules have no such case type any more.";
    NO_CONVERSATION = 422 "no_conversation" "The task has no customer to reply to.";
    NO_HEIR = 422 "no_heir" "A queue with open tasks would be gone, and no other has its tasks.";
    NO_RULE = 422 "no_rule" "No rule takes the item, and it names no queue.";
    NO_VERSION = 422 "unknown_version" "No version of the rules has this number.";
    NOT_LIVE = 422 "not_live" "It names a queue or skill that is not live yet.";
    NOT_RECORDED = 422 "not_recorded" "Nothing is recorded of this time; the detail says from when on it is.";
    OUT_OF_RANGE = 422 "out_of_range" "A value is out of range; `field` names it.";
    STEP_REFUSED = 422 "step_refused" "A step of the macro cannot be done, and nothing of it was; the detail says which and why.";
    RULES_IN_ERROR = 422 "rules_in_error" "The rules have errors: the check lists them.";
    TOO_DEEP = 422 "too_deep" "Requests of requests are bounded.";
    TOO_MANY = 422 "too_many" "There are too many of something; the detail says of what.";
    UNKNOWN_ACTION = 422 "unknown_action" "Nobody may give this, or not in this currency; the detail says what.";
    UNREADABLE = 422 "unreadable" "It cannot be read; the detail says why and where.";
    WEAK_PASSWORD = 422 "weak_password" "The password is too easy to guess; the detail says why.";
    WRONG_FIELD = 422 "wrong_field" "The case's type has no such field, or it cannot hold this; `field` names it.";
    WRONG_PASSWORD = 422 "wrong_password" "The old password is wrong.";
    RATE_LIMITED = 429 "rate_limited" "Too many requests: try again after `Retry-After`.";
    TOO_FAST = 429 "too_fast" "Too many at once: try again after `Retry-After`.";
    BUSY = 503 "busy" "Not available at the moment: try again after `Retry-After`.";
    SERVED_ELSEWHERE = 503 "served_elsewhere" "Another router serves this tenant: call the one that the detail names.";
}

/// What every strict JSON body may be refused with.
pub const BODY: &[Fault] = &[BAD_REQUEST, SLOW_BODY, TOO_LARGE, CONTENT_ENCODING, MEDIA_TYPE];
