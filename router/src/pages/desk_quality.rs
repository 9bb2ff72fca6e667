//! Reviews at the desk: the work that a task asks its worker to review, the reviews of his own work, and how an answer was.
//! `desk/review.js`, `desk/own-reviews.js` and `desk/rating.js` fill it.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};

/// How an answer was: one tap each.
pub(super) const RATINGS: [(&str, &str); 4] = [
    ("good", "desk-rating-good"),
    ("late", "desk-rating-late"),
    ("incomplete", "desk-rating-incomplete"),
    ("wrong", "desk-rating-wrong"),
];

/// Why work goes back, besides what the rules name.
pub(super) const CAUSES: [(&str, &str); 4] = [
    ("incomplete", "desk-cause-incomplete"),
    ("wrong", "desk-cause-wrong"),
    ("misrouted", "desk-cause-misrouted"),
    ("other", "desk-cause-other"),
];

/// Sentences, by the name a script asks for them, with their open places.
pub(super) const SENTENCES: [(&str, &str, &[&str]); 10] = [
    ("review-title", "desk-review-title", &["what", "name"]),
    ("review-none", "desk-review-none", &[]),
    ("review-points", "desk-review-points", &["points"]),
    ("review-not-applicable", "desk-review-not-applicable", &[]),
    ("review-missing", "desk-review-missing", &[]),
    ("review-done", "desk-review-done", &["score"]),
    ("review-score", "desk-review-score", &["score"]),
    ("review-answered", "desk-review-answered", &[]),
    ("rated", "desk-rated", &["rating"]),
    ("answer-of", "desk-answer-of", &["name", "queue"]),
];

/// What is said of what cannot be said of a review.
pub(super) const REFUSALS: [(&str, &str, &[&str]); 5] = [
    ("refused-not_your_review", "desk-review-not-yours", &[]),
    ("refused-not_your_review-own_work", "desk-review-own-work", &[]),
    ("refused-not_your_review-second_eyes", "desk-review-second-eyes", &[]),
    ("refused-wrong_review_state", "desk-review-state", &[]),
    ("refused-unreviewed", "desk-review-unreviewed", &[]),
];

/// The button that shows a worker the reviews of his own work.
pub(super) fn button(lang: Lang) -> Markup {
    html! {
        button type="button" id="own-reviews-open" aria-haspopup="dialog" title=(text(lang, "desk-own-reviews-title")) {
            (text(lang, "desk-own-reviews"))
        }
    }
}

/// The reviews of a worker's own work.
pub(super) fn own(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dialog id="own-reviews" class="wide" aria-labelledby="own-reviews-title" {
            form class="sheet-form" method="dialog" {
                h2 id="own-reviews-title" { (t("desk-own-reviews")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                ol class="own-reviews" data-slot="list" {}
                p class="empty" hidden data-slot="empty" { (t("desk-own-reviews-none")) }
                div class="row" { button type="submit" { (t("desk-close")) } }
            }
        }
    }
}

/// The place beside a task for answers that its worker may rate.
pub(super) fn ratings(lang: Lang) -> Markup {
    html! { ul class="ratings" data-slot="ratings" hidden aria-label=(text(lang, "desk-ratings")) {} }
}

/// What the scripts clone.
pub(super) fn templates(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        (review(lang))
        template id="t-criterion" {
            fieldset class="criterion" {
                legend { span data-slot="name" {} " " small data-slot="fatal" hidden { (t("desk-review-fatal")) } }
                div class="row" data-slot="points" {}
            }
        }
        template id="t-own-review" {
            li {
                p { b data-slot="what" {} " · " time data-slot="at" {} " · " span data-slot="score" {} }
                p dir="auto" data-slot="words" hidden {}
                ul class="why" data-slot="criteria" {}
                p class="why" dir="auto" data-slot="answer" hidden {}
                div class="row" data-slot="answering" hidden {
                    label class="grow" { span { (t("desk-review-answer")) }
                        input name="answer" dir="auto" maxlength="2000" autocomplete="off";
                    }
                    button type="button" data-do="answer" { (t("desk-review-answer-go")) }
                }
            }
        }
        template id="t-rating" {
            li {
                span data-slot="of" {}
                div class="row" data-slot="taps" {
                    @for (rating, key) in RATINGS {
                        button type="button" data-rating=(rating) aria-pressed="false" { (t(key)) }
                    }
                }
            }
        }
        @for (name, key, slots) in SENTENCES.into_iter().chain(REFUSALS) {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}

/// What whoever reviews sees, and how he scores.
fn review(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-review" {
            div class="approval-sheet" {
                h3 data-slot="what" {}
                dl class="approval-facts" {
                    div data-slot="reason-part" hidden { dt { (t("desk-review-reason")) } dd dir="auto" data-slot="reason" {} }
                    div data-slot="queue-part" hidden { dt { (t("desk-review-queue")) } dd { bdi data-slot="queue" {} } }
                }
                details data-slot="work" {
                    summary { (t("desk-review-work")) }
                    ol class="review-work" data-slot="messages" {}
                }
                form data-slot="form" novalidate {
                    div class="criteria" data-slot="criteria" {}
                    label { span { (t("desk-review-words")) }
                        textarea name="words" rows="2" dir="auto" maxlength="2000" {}
                    }
                    p class="fault" role="alert" hidden data-slot="fault" {}
                    div class="row" {
                        button type="submit" class="primary" aria-keyshortcuts="Alt+Y" {
                            (t("desk-review-go")) " " kbd aria-hidden="true" { "Alt+Y" }
                        }
                    }
                }
            }
        }
    }
}
