//! The texts are whole, the pages obey their own policy, and nothing is served that should not be.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use tower::ServiceExt;

use super::assets::{ASSETS, Asset, url, version};
use super::language::{Lang, Spoken};
use super::{
    CompanyDoor, Page, Section, case_parts, chat, company, console, desk, desk_authority, desk_forms, desk_parts,
    desk_quality, router, sign_in, texts, widget,
};
use crate::directory::Role;
use crate::people::company::Refusal;

/// The sources that name keys.
const SOURCES: [&str; 41] = [
    include_str!("away.rs"),
    include_str!("case_parts.rs"),
    include_str!("chat.rs"),
    include_str!("company.rs"),
    include_str!("console/answers.rs"),
    include_str!("console/audit.rs"),
    include_str!("console/board.rs"),
    include_str!("console/cases.rs"),
    include_str!("console/externals.rs"),
    include_str!("console/improvement.rs"),
    include_str!("console/improvements.rs"),
    include_str!("console/lists.rs"),
    include_str!("console/mod.rs"),
    include_str!("console/outlets.rs"),
    include_str!("console/quality.rs"),
    include_str!("console/rules.rs"),
    include_str!("console/table.rs"),
    include_str!("console/task.rs"),
    include_str!("console/work.rs"),
    include_str!("decide.rs"),
    include_str!("desk.rs"),
    include_str!("desk_answers.rs"),
    include_str!("desk_authority.rs"),
    include_str!("desk_forms.rs"),
    include_str!("desk_macros.rs"),
    include_str!("desk_notes.rs"),
    include_str!("desk_quality.rs"),
    include_str!("desk_worklist.rs"),
    include_str!("desk_parts.rs"),
    include_str!("search.rs"),
    include_str!("shell.rs"),
    include_str!("journey_parts.rs"),
    include_str!("sign_in.rs"),
    include_str!("status.rs"),
    include_str!("transcript.rs"),
    include_str!("work_views.rs"),
    include_str!("../driver/case_words.rs"),
    include_str!("../driver/by_hand.rs"),
    include_str!("../driver/improvements.rs"),
    include_str!("../driver/same.rs"),
    include_str!("../driver/solved.rs"),
];

fn keys(lang: Lang) -> BTreeSet<&'static str> {
    texts::source(lang).lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect()
}

/// Every quoted word of `source` that has the form of a key.
fn quoted(source: &str) -> BTreeSet<&str> {
    let looks = |word: &&str| {
        ["desk-", "chat-", "console-", "sign-in-", "page-"].iter().any(|start| word.starts_with(start))
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    source.split('"').skip(1).step_by(2).filter(looks).collect()
}

#[test]
fn english_and_hebrew_have_the_same_keys_and_the_others_have_the_chat() {
    assert_eq!(keys(Lang::En), keys(Lang::He));
    let chat: BTreeSet<&str> =
        keys(Lang::En).into_iter().filter(|key| key.starts_with("chat-") || *key == "page-needs-script").collect();
    assert_eq!(keys(Lang::Ar), chat);
    assert_eq!(keys(Lang::Ru), chat);
}

#[test]
fn every_key_is_used_and_every_used_key_is_there() {
    let used: BTreeSet<&str> = SOURCES.into_iter().flat_map(quoted).collect();
    let script = widget::PARTS.concat();
    let in_widget = |key: &str| {
        let rest = key.strip_prefix(widget::PREFIX).unwrap_or(key);
        // The states of a conversation are texts too; they come from the server by name.
        ["waiting", "active", "solved"].contains(&rest) || script.contains(&format!("\"{rest}\""))
    };
    let there = keys(Lang::En);
    let unused: Vec<_> = there
        .iter()
        .filter(|key| !(used.contains(*key) || key.starts_with(widget::PREFIX) && in_widget(key)))
        .collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
    // Class names and addresses have the same form as keys; what is neither must be a text.
    let known = ["chat-page", "page-head", "sign-in-", "page-", "desk-", "sign-in"];
    let missing: Vec<_> = used.iter().filter(|key| !there.contains(*key) && !known.contains(key)).collect();
    assert!(missing.is_empty(), "no text for {missing:?}");
}

#[test]
fn catalogues_read_without_a_fault_and_have_the_same_open_places() {
    for lang in Lang::ALL {
        assert!(fluent_bundle::FluentResource::try_new(texts::source(lang).to_owned()).is_ok(), "{lang:?}");
    }
    let open = |lang, key: &str| {
        let line = texts::source(lang).lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
        let pieces = line.unwrap_or_default().split("{ $").skip(1);
        pieces.filter_map(|rest| rest.split_once(" }")).map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>()
    };
    for key in keys(Lang::En) {
        assert_eq!(open(Lang::En, key), open(Lang::He, key), "{key}");
    }
    let decisions = desk_authority::SENTENCES.into_iter().chain(desk_authority::REFUSALS);
    let reviews = desk_quality::SENTENCES.into_iter().chain(desk_quality::REFUSALS);
    let sentences = desk_parts::SENTENCES.into_iter().chain(desk_parts::OF_MESSAGES).chain(case_parts::SENTENCES);
    let sentences = sentences.chain(super::journey_parts::SENTENCES);
    let sentences = sentences.chain(decisions).chain(reviews).chain(super::desk_macros::REFUSALS);
    for (name, key, slots) in sentences {
        let given: BTreeSet<String> = slots.iter().map(|slot| (*slot).to_owned()).collect();
        assert_eq!(open(Lang::En, key), given, "{name}");
    }
}

#[test]
fn scripts_ask_only_for_what_the_page_has() {
    let (desk, console) = (desk_page(Lang::En), console_pages(Lang::En));
    let everywhere = [desk.as_str(), &console.concat(), &decide_page(Lang::En)].concat();
    for asset in ASSETS.iter().filter(|asset| asset.path.ends_with(".js")) {
        // What several pages of one kind share finds what it asks for on one of them.
        let page = match asset.path.split_once('/') {
            Some(("desk", _)) => desk.clone(),
            Some(("console", name)) => {
                let own = Section::ALL.into_iter().position(|section| name.strip_suffix(".js") == Some(section.name()));
                own.map_or_else(|| console.concat(), |at| console[at].clone())
            }
            _ => everywhere.clone(),
        };
        for call in ["say(\"", "sayText(\"", "clone(\"", "byId(\""] {
            for name in text_of(asset).split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                let id = if call.starts_with("say") { format!("say-{name}") } else { name.to_owned() };
                assert!(page.contains(&format!("id=\"{id}\"")), "{} asks for {id}", asset.path);
            }
        }
    }
}

fn text_of(asset: &Asset) -> &'static str {
    std::str::from_utf8(asset.body).unwrap()
}

fn desk_page(lang: Lang) -> String {
    let spoken = Spoken { lang, asked: false };
    desk::markup(&Page { spoken, user: "<b>דנה</b>", csrf: "\"><script>", push_key: Some("BCVx") }).into_string()
}

#[test]
fn a_desk_offers_notices_where_there_are_any_and_no_notice_turns_what_follows() {
    assert!(desk_page(Lang::En).contains("content=\"BCVx\""));
    let page = Page { spoken: Spoken::default(), user: "dana", csrf: "c", push_key: None };
    let without = desk::markup(&page).into_string();
    assert!(!without.contains("push-key") && !without.contains("id=\"push\""));
    for what in ["offer", "assigned", "returned", "mention"] {
        for lang in Lang::WHOLE {
            let told = super::notice(lang, what, "\u{202E}שירות\n");
            assert!(told.contains("\u{2068}שירות\u{2069}"), "{told}");
        }
    }
    assert!(super::notice(Lang::En, "offer", &"x".repeat(500)).len() < 120);
}

/// The page of a link to a decision that waits.
fn decide_page(lang: Lang) -> String {
    let decision = crate::api::decision_view::tests::waiting();
    let step_up = super::StepUp::Prove { passwords: true, company: true };
    let (tenant, token) = ("<b>acme".to_owned(), "bdl100".to_owned());
    let asked = super::Asked { tenant, token, until: blendline_wire::Millis(1), decision, step_up };
    super::decide::markup(Spoken { lang, asked: false }, &asked).into_string()
}

/// Every page of the console in the order of the sections, and a task's.
fn console_pages(lang: Lang) -> Vec<String> {
    let page =
        Page {
            spoken: Spoken { lang, asked: false }, user: "<b>דנה</b>", csrf: "\"><script>", push_key: Some("BCVx")
        };
    let sections = Section::ALL.into_iter().map(|section| console::markup(&page, Role::Admin, section));
    let task = console::task(&page, Role::Supervisor, "tsk_7\" onload=\"x");
    let case = console::case(&page, Role::Supervisor, "cas_7\" onload=\"x");
    let improvement = console::improvement(&page, Role::Supervisor, "imp_7\" onload=\"x");
    sections.chain([task, case, improvement]).map(maud::Markup::into_string).collect()
}

#[test]
fn nobody_sees_a_page_of_the_console_that_is_not_for_him() {
    let seen =
        |role| Section::ALL.into_iter().filter(|section| section.is_for(role)).map(Section::name).collect::<Vec<_>>();
    assert!(seen(Role::Worker).is_empty() && seen(Role::Integrator).is_empty());
    let supervisors = ["board", "people", "work", "cases", "quality", "improvements", "answers", "rules", "accounts"];
    assert_eq!(seen(Role::Supervisor), supervisors);
    assert_eq!(
        seen(Role::Auditor),
        [
            "board",
            "people",
            "work",
            "cases",
            "quality",
            "improvements",
            "answers",
            "rules",
            "accounts",
            "outlets",
            "quarantine",
            "audit"
        ]
    );
    assert_eq!(seen(Role::Admin).len(), Section::ALL.len());
    // Who may only look finds nothing to change things by.
    let page = Page { spoken: Spoken::default(), user: "noa", csrf: "token", push_key: None };
    let rules = console::markup(&page, Role::Supervisor, Section::Rules).into_string();
    assert!(!rules.contains("id=\"publish\"") && rules.contains("readonly"));
    assert!(!console::task(&page, Role::Auditor, "tsk_7").into_string().contains("data-do=\"move\""));
}

#[test]
fn no_page_has_an_inline_script_or_style() {
    for lang in Lang::ALL {
        let pages = [
            desk_page(lang),
            decide_page(lang),
            sign_in::markup(lang.whole(), &CompanyDoor::Named).into_string(),
            company::refused(Spoken { lang: lang.whole(), asked: false }, Refusal::Lost).into_string(),
            sign_in::password(lang.whole(), "token").into_string(),
            sign_in::no_desk(lang.whole(), "<b>", "token").into_string(),
            chat::markup(lang, "\" onload=\"x").into_string(),
            desk_forms::templates(lang.whole()).into_string(),
        ];
        for page in pages.into_iter().chain(console_pages(lang)) {
            assert!(!page.contains("<style") && !page.contains(" style="), "an inline style");
            assert!(!page.contains("javascript:") && !page.contains(" onload=\""), "an inline handler");
            for tag in page.split("<script").skip(1) {
                assert!(tag.split('>').next().unwrap().contains("src="), "an inline script");
                assert!(tag.split_once('>').unwrap().1.starts_with("</script>"), "an inline script");
            }
        }
    }
}

#[test]
fn what_a_page_is_given_is_text() {
    let page = desk_page(Lang::He);
    assert!(page.contains("&lt;b&gt;דנה&lt;/b&gt;") && !page.contains("<b>דנה"));
    assert!(page.contains("<html lang=\"he\" dir=\"rtl\">"));
}

#[test]
fn scripts_never_turn_text_into_markup() {
    let own = ASSETS.iter().filter_map(|asset| std::str::from_utf8(asset.body).ok()).chain([widget::script()]);
    for script in own {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
            assert!(!script.contains(way), "{way}");
        }
    }
}

async fn get(path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let app: Router = router();
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn pages_carry_the_policy_and_are_kept_by_no_cache() {
    let asked = Spoken { lang: Lang::He, asked: true };
    for response in [sign_in(asked, &CompanyDoor::Closed), get("/chat/demo", &[]).await] {
        assert_eq!(response.status(), StatusCode::OK);
        assert!(header(&response, "content-security-policy").starts_with("default-src 'self'; object-src 'none'"));
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
    }
    let response = sign_in(asked, &CompanyDoor::Closed);
    assert!(header(&response, "set-cookie").starts_with("blendline_lang=he; "));
    // A chat sets no cookie, whatever it is asked.
    assert_eq!(header(&get("/chat/demo?lang=he", &[]).await, "set-cookie"), "");
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_own_version_only() {
    let path = url("desk/main.js");
    let response = get(&path, &[]).await;
    assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&response, "content-type"), "text/javascript; charset=utf-8");
    let tag = header(&response, "etag").to_owned();
    assert_eq!(get(&path, &[("if-none-match", &tag)]).await.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&get("/assets/old/desk/main.js", &[]).await, "cache-control"), "no-cache");
    for path in ["/assets/x/../mod.rs", "/assets/x/%2e%2e/mod.rs", "/assets/x/desk", "/assets/x/none.js"] {
        assert_eq!(get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_widget_speaks_four_languages_and_may_be_embedded() {
    let response = get("/chat/widget.js", &[]).await;
    assert_eq!(header(&response, "cross-origin-resource-policy"), "cross-origin");
    assert!(!header(&response, "etag").is_empty());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let script = std::str::from_utf8(&body).unwrap();
    assert!(script.starts_with("(() => {\n\"use strict\";\nconst TEXTS = {\"ar\":{"));
    for lang in Lang::ALL {
        assert!(script.contains(&widget::texts_of(lang)["greeting"]), "{lang:?}");
    }
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_desk_can_be_installed_and_opens_while_the_router_is_away() {
    let manifest = ASSETS.iter().find(|asset| asset.path == "desk.webmanifest").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(manifest.body).unwrap();
    for icon in manifest["icons"].as_array().unwrap() {
        assert!(ASSETS.iter().any(|asset| icon["src"] == asset.path), "{icon}");
    }
    let spoken = Spoken { lang: Lang::En, asked: false };
    let desk = super::desk(&Page { spoken, user: "dana", csrf: "c", push_key: None });
    let policy = header(&desk, "content-security-policy").to_owned();
    assert_eq!(policy.replace("trusted-types blendline-desk-worker", "trusted-types 'none'"), super::headers::POLICY);
    assert!(desk_page(Lang::En).contains("rel=\"manifest\""));

    let worker = get("/desk-worker.js", &[]).await;
    assert_eq!(header(&worker, "cache-control"), "no-cache");
    let worker = text(worker).await;
    assert!(worker.contains(version()) && !worker.contains("{build}"));
    for name in ["blendline.css", "desk-away.js", "icon.svg"] {
        assert!(worker.contains(name) && ASSETS.iter().any(|asset| asset.path == name), "{name}");
    }
    let away = text(get("/desk/away?lang=he", &[]).await).await;
    assert!(away.contains("dir=\"rtl\"") && away.contains(&url("desk-away.js")));
}
