//! The pages that belong to a session.

use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{BUSY, NO_WORKER};

pub(in crate::api) fn home() -> About {
    About::new("home_page", Tag::Pages, "The front door").gives_bare(303, "To the desk.").header("Location", "`/desk`")
}

pub(in crate::api) fn desk() -> About {
    About::new("desk_page", Tag::Pages, "The desk of the worker who is signed in")
        .gives_text("text/html", "The desk.")
        .gives_bare(303, "Who is not signed in, or has a password for one time, is led to where that is mended.")
        .header("Location", "The sign-in page, or that of the password.")
        .fails(&[NO_WORKER, BUSY])
}

pub(in crate::api) fn password() -> About {
    About::new("password_page", Tag::Pages, "Where people choose a password of their own")
        .gives_text("text/html", "The page.")
        .gives_bare(303, "Who is not signed in is led to the sign-in page.")
        .header("Location", "The sign-in page.")
        .fails(&[BUSY])
}
