//! People's sessions.

use serde_json::json;

use crate::api::sessions::{Credentials, PasswordChange, SessionInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BAD_REQUEST, BUSY, COMPANY_SIGN_IN, FOREIGN_PAGE, MEANWHILE, RATE_LIMITED, UNKNOWN_USER, WEAK_PASSWORD,
    WRONG_CREDENTIALS, WRONG_PASSWORD,
};

const COOKIE: &str = "The session's cookie.";

pub(in crate::api) fn begin() -> About {
    About::new("sign_in", Tag::Sessions, "Sign in")
        .text("For browsers; programs use a key. What was signed in before with this cookie is signed out.")
        .takes::<Credentials>(json!({ "tenant": "acme", "name": "dana", "password": "correct horse battery staple" }))
        .gives_nothing("A session is open.")
        .header("Set-Cookie", COOKIE)
        .fails(&[WRONG_CREDENTIALS, COMPANY_SIGN_IN, FOREIGN_PAGE, RATE_LIMITED, BUSY])
}

pub(in crate::api) fn current() -> About {
    About::new("get_session", Tag::Sessions, "See who is signed in")
        .gives::<SessionInfo>(200, "Whose session it is.")
        .such_as(json!({
            "tenant": "acme", "name": "dana", "role": "worker", "worker": "dana", "must_change": false, "csrf": "5e1f…"
        }))
        .fails(&[BAD_REQUEST])
}

pub(in crate::api) fn end() -> About {
    About::new("sign_out", Tag::Sessions, "Sign out")
        .text("Open connections of the session end at once.")
        .gives_nothing("The session is over.")
        .header("Set-Cookie", "Takes the cookie away.")
        .fails(&[BAD_REQUEST])
}

pub(in crate::api) fn change_password() -> About {
    About::new("change_password", Tag::Sessions, "Change one's own password")
        .text("Every session of the user ends; the answer has the cookie of a new one.")
        .takes::<PasswordChange>(json!({ "old": "one-time-1234", "new": "correct horse battery staple" }))
        .gives_nothing("It is changed.")
        .header("Set-Cookie", COOKIE)
        .fails(&[WRONG_PASSWORD, WEAK_PASSWORD, UNKNOWN_USER, MEANWHILE])
}
