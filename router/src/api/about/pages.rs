//! The pages that belong to a session.

use crate::api::company::{Answer, Wish};
use crate::api::transcripts::Form;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{BAD_REQUEST, BUSY, FORBIDDEN, NO_WORKER, UNKNOWN_TASK, UNKNOWN_URL};

const LED: &str = "Who is not signed in, or has a password for one time, is led to where that is mended.";
const LED_TO: &str = "The sign-in page, or that of the password.";

pub(in crate::api) fn home() -> About {
    About::new("home_page", Tag::Pages, "The front door")
        .gives_bare(303, "To one's page: the desk of a worker, the console of everybody else.")
        .header("Location", "`/desk` or `/console`")
        .fails(&[BUSY])
}

pub(in crate::api) fn sign_in() -> About {
    About::new("sign_in_page", Tag::Pages, "Where people sign in").gives_text("text/html", "The page.")
}

const NOT_LET_IN: &str = "A page that says why nobody was let in.";

pub(in crate::api) fn company() -> About {
    About::new("company_sign_in", Tag::Pages, "Sign in with the account of one's company")
        .text("OpenID Connect: the browser goes to the provider of the tenant, and comes back to the address below.")
        .asks::<Wish>()
        .gives_bare(303, "To the provider.")
        .header("Location", "The provider's page, with state, nonce and the challenge of PKCE.")
        .header("Set-Cookie", "What is on its way: for ten minutes and once.")
        .gives_text_as(404, "text/html", "The tenant has no provider, or there is no such tenant.")
        .gives_text_as(502, "text/html", "The provider does not answer as it should.")
        .gives_text_as(503, "text/html", NOT_LET_IN)
}

pub(in crate::api) fn company_back() -> About {
    About::new("company_signed_in", Tag::Pages, "Come back from the provider")
        .text("For the provider's redirect alone; `redirect_uri` there is this address.")
        .asks::<Answer>()
        .gives_bare(303, "A session is open.")
        .header("Location", "Where the visitor wanted to go.")
        .header("Set-Cookie", "The session's cookie.")
        .gives_text_as(410, "text/html", "It was begun in another browser, too long ago, or was used already.")
        .gives_text_as(403, "text/html", "He is no user, or has no role.")
        .gives_text_as(404, "text/html", "The tenant has no provider any more.")
        .gives_text_as(502, "text/html", "The provider or its token is not to be believed.")
        .gives_text_as(503, "text/html", NOT_LET_IN)
}

pub(in crate::api) fn desk() -> About {
    About::new("desk_page", Tag::Pages, "The desk of the worker who is signed in")
        .gives_text("text/html", "The desk.")
        .gives_bare(303, LED)
        .header("Location", LED_TO)
        .fails(&[NO_WORKER, BUSY])
}

pub(in crate::api) fn console_home() -> About {
    About::new("console_home_page", Tag::Pages, "To the first page of the console that one may see")
        .gives_bare(303, LED)
        .header("Location", "The page.")
        .fails(&[FORBIDDEN, BUSY])
}

pub(in crate::api) fn console() -> About {
    About::new("console_page", Tag::Pages, "A page of the console")
        .place::<String>(
            "section",
            "`board`, `people`, `work`, `cases`, `quality`, `improvements`, `answers`, `rules`, `accounts`, `outlets`, `quarantine`, `users`, `keys`, `audit`.",
        )
        .gives_text("text/html", "The page.")
        .gives_bare(303, LED)
        .header("Location", LED_TO)
        .fails(&[FORBIDDEN, UNKNOWN_URL, BUSY])
}

pub(in crate::api) fn console_task() -> About {
    About::new("console_task_page", Tag::Pages, "Where a task stands, and why")
        .place::<String>("id", "The task.")
        .gives_text("text/html", "The page.")
        .gives_bare(303, LED)
        .header("Location", LED_TO)
        .fails(&[FORBIDDEN, UNKNOWN_URL, BUSY])
}

pub(in crate::api) fn console_case() -> About {
    About::new("console_case_page", Tag::Pages, "Where a case stands, and all that happened to it")
        .place::<String>("id", "The case.")
        .gives_text("text/html", "The page.")
        .gives_bare(303, LED)
        .header("Location", LED_TO)
        .fails(&[FORBIDDEN, UNKNOWN_URL, BUSY])
}

pub(in crate::api) fn console_improvement() -> About {
    About::new("console_improvement_page", Tag::Pages, "What should change, and what is done about it")
        .place::<String>("id", "The improvement.")
        .gives_text("text/html", "The page.")
        .gives_bare(303, LED)
        .header("Location", LED_TO)
        .fails(&[FORBIDDEN, UNKNOWN_URL, BUSY])
}

pub(in crate::api) fn password() -> About {
    About::new("password_page", Tag::Pages, "Where people choose a password of their own")
        .gives_text("text/html", "The page.")
        .gives_bare(303, "Who is not signed in is led to the sign-in page.")
        .header("Location", "The sign-in page.")
        .fails(&[BUSY])
}

pub(in crate::api) fn transcript() -> About {
    About::new("transcript_page", Tag::Pages, "The matter of a task, to be printed")
        .text("A worker sees matters of his own tasks; the roles `operations` and `auditor` no names, numbers and addresses.")
        .place::<String>("id", "The task.")
        .asks::<Form>()
        .gives_text("text/html", "The page.")
        .gives_bare(303, LED)
        .header("Location", LED_TO)
        .fails(&[BAD_REQUEST, FORBIDDEN, UNKNOWN_TASK, BUSY])
}
