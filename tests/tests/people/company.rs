//! Signing in with the account of one's company: the real program, a browser, and a provider that we play ourselves.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use blendline_tests::http::{self, Reply};
use blendline_tests::identity::{CLIENT, Provider, SECRET};
use blendline_tests::person::{Browser, sign_in};
use blendline_tests::process::Router;
use serde_json::{Value, json};

use crate::office::{add, by_key, office};

/// The origin of our pages, as the provider knows it.
pub(crate) const PAGES: &str = "http://127.0.0.1:8080";

/// What a tenant with this provider has in its configuration.
pub(crate) fn setting(issuer: &str, more: &str) -> String {
    format!(
        "[tenant.oidc]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\nurl = \"{PAGES}\"\n{more}\n"
    )
}

const CREATED: &str = "users = \"created\"\nrole_claim = \"groups\"\n\
    roles = { care = \"worker\", shift = \"supervisor\", bosses = \"admin\" }";

pub(crate) fn get(path: &str, cookie: &str, lang: &str) -> Vec<u8> {
    http::request("GET", path, &[("cookie", cookie), ("accept-language", lang)], b"")
}

/// The path and query of an address.
pub(crate) fn path(address: &str) -> String {
    let (_, rest) = address.split_once("://").expect("an address");
    rest[rest.find('/').expect("a path")..].to_owned()
}

/// A sign-in on its way: the cookie of the browser, and the address that the provider sends it back to.
struct Way {
    cookie: String,
    back: String,
}

async fn away(router: &Router, provider: SocketAddr, next: &str) -> Way {
    let asked = format!("/sign-in/company?tenant=ACME&next={next}");
    let reply = http::once(router.addr, &get(&asked, "", "en")).await.unwrap();
    assert_eq!(reply.status, 303, "{}", reply.text());
    let cookie = reply.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    let there = http::once(provider, &get(&path(reply.header("location").unwrap()), "", "en")).await.unwrap();
    assert_eq!(there.status, 303, "{}", there.text());
    let location = there.header("location").unwrap();
    assert!(location.starts_with(&format!("{PAGES}/sign-in/company/back?")), "{location}");
    Way { cookie: cookie.split(';').next().unwrap().to_owned(), back: path(location) }
}

async fn back(router: &Router, way: &Way) -> Reply {
    http::once(router.addr, &get(&way.back, &way.cookie, "en")).await.unwrap()
}

async fn whole(router: &Router, provider: &Provider) -> Reply {
    back(router, &away(router, provider.addr(), "").await).await
}

/// The browser of who was let in.
async fn browser(router: &Router, reply: &Reply) -> Browser {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(!cookie.contains("company"), "the session's cookie comes first: {cookie}");
    Browser { addr: router.addr, cookie, csrf: String::new(), set_cookie: String::new() }
}

/// No session, the flight is over, and these words.
fn refused(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert!(reply.text().contains(words), "{words}: {}", reply.text());
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.contains("blendline-company=;") && cookie.contains("Max-Age=0"), "{cookie}");
}

#[tokio::test]
async fn people_come_in_with_the_role_that_their_group_gives() {
    let provider = Provider::start().await;
    let router = office("company", &setting(&provider.issuer(), CREATED)).await;
    let page = http::once(router.addr, &get("/sign-in", "", "he")).await.unwrap().text();
    assert!(page.contains("id=\"company\"") && page.contains("כניסה עם החשבון של החברה"), "{page}");

    provider.say(json!({ "preferred_username": "Noa", "groups": ["staff", "care"] }));
    let reply = back(&router, &away(&router, provider.addr(), "/desk").await).await;
    assert_eq!(reply.header("location"), Some("/desk"));
    let noa = browser(&router, &reply).await;
    let current = noa.get("/v1/sessions/current").await.json();
    assert_eq!((current["name"].as_str(), current["role"].as_str()), (Some("Noa"), Some("worker")), "{current}");
    assert_eq!((current["worker"].as_str(), current["must_change"].as_bool()), (Some("noa"), Some(false)), "{current}");
}

#[tokio::test]
async fn a_role_that_changed_there_changes_here() {
    let provider = Provider::start().await;
    let router = office("company-role", &setting(&provider.issuer(), CREATED)).await;
    provider.say(json!({ "preferred_username": "noa", "groups": ["care"] }));
    let first = browser(&router, &whole(&router, &provider).await).await;
    assert_eq!(first.get("/v1/sessions/current").await.json()["worker"], "noa");
    let second = browser(&router, &whole(&router, &provider).await).await;
    assert_eq!(first.get("/v1/sessions/current").await.status, 200, "nothing changed: the older session goes on");
    provider.say(json!({ "preferred_username": "noa", "groups": ["care", "shift"] }));
    let third = browser(&router, &whole(&router, &provider).await).await;
    assert_eq!(third.get("/v1/sessions/current").await.json()["role"], "supervisor");
    for old in [first, second] {
        assert_eq!(old.get("/v1/sessions/current").await.status, 401, "another role ends what was open");
    }
    // The name is another account's by now.
    provider.say(json!({ "preferred_username": "NOA", "groups": ["bosses"], "sub": "somebody else" }));
    refused(&whole(&router, &provider).await, 403, "no access here");
    // An administrator can untie it: with a new password, which nobody need use.
    let reply = by_key(&router, "PATCH", "/v1/users/noa", &json!({ "reset_password": true })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let fourth = browser(&router, &whole(&router, &provider).await).await;
    let current = fourth.get("/v1/sessions/current").await.json();
    assert_eq!((current["role"].as_str(), current["must_change"].as_bool()), (Some("admin"), Some(false)));
    let once = reply.json()["one_time_password"].as_str().unwrap().to_owned();
    assert_eq!(sign_in(router.addr, "acme", "noa", &once).await.status, 401, "the password for one time is nobody's");

    let audit = by_key(&router, "GET", "/v1/audit?limit=100", &json!({})).await.text();
    for word in ["user_added", "user_changed", "signed_in_with_company", "company_account", "user noa"] {
        assert!(audit.contains(word), "{word}: {audit}");
    }
}

#[tokio::test]
async fn keys_change_and_an_unknown_one_is_asked_for_once() {
    let provider = Provider::start().await;
    let router = office("company-keys", &setting(&provider.issuer(), CREATED)).await;
    provider.say(json!({ "preferred_username": "noa", "groups": ["care"] }));
    assert_eq!(whole(&router, &provider).await.status, 303);
    assert_eq!(whole(&router, &provider).await.status, 303);
    assert_eq!(provider.asked_for_keys(), 1, "keys are kept");
    provider.rotate("k2");
    assert_eq!(whole(&router, &provider).await.status, 303, "a new key is found");
    assert_eq!(provider.asked_for_keys(), 2);
    provider.sign_in_secret("k3");
    for _ in 0..3 {
        refused(&whole(&router, &provider).await, 502, "does not answer as it should");
    }
    assert_eq!(provider.asked_for_keys(), 2, "whoever invents keys does not make us ask");
    // A known name, and another key behind it.
    provider.sign_in_secret("k2");
    refused(&whole(&router, &provider).await, 502, "does not answer as it should");
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_not_believed() {
    let provider = Provider::start().await;
    let router = office("company-tokens", &setting(&provider.issuer(), CREATED)).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let person = |more: Value| {
        let mut claims = json!({ "preferred_username": "noa", "groups": ["care"], "email": "canary@acme.example" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let unbelieved = "does not answer as it should";
    for (claims, words) in [
        (json!({ "nonce": "of another sign-in" }), unbelieved),
        (json!({ "nonce": null }), unbelieved),
        (json!({ "aud": "somebody-else" }), unbelieved),
        (json!({ "aud": [CLIENT, "somebody-else"] }), unbelieved),
        (json!({ "aud": null }), unbelieved),
        (json!({ "azp": "somebody-else" }), unbelieved),
        (json!({ "iss": "https://evil.example" }), unbelieved),
        (json!({ "sub": "" }), unbelieved),
        (json!({ "exp": null }), unbelieved),
        (json!({ "exp": now - 120 }), "clocks"),
        (json!({ "iat": now + 600, "exp": now + 900 }), "clocks"),
        (json!({ "nbf": now + 600 }), "clocks"),
    ] {
        provider.say(person(claims.clone()));
        let reply = whole(&router, &provider).await;
        assert!(reply.text().contains(words), "{claims}: {}", reply.text());
        refused(&reply, 502, words);
    }
    provider.say(person(json!({})));
    for header in
        [json!({ "alg": "none" }), json!({ "alg": "HS256" }), json!({ "alg": "EdDSA" }), json!({ "crit": ["x"] })]
    {
        provider.head(header);
        refused(&whole(&router, &provider).await, 502, unbelieved);
    }
    provider.head(json!({}));
    provider.spoil(true);
    refused(&whole(&router, &provider).await, 502, unbelieved);
    provider.spoil(false);
    // Clocks that differ a little are as all clocks are, and two audiences are good where ours is the one meant.
    provider.say(person(json!({ "exp": now - 20, "iat": now + 40, "aud": ["api", CLIENT], "azp": CLIENT })));
    assert_eq!(whole(&router, &provider).await.status, 303);
    let log = router.log();
    assert!(log.contains("its signature is wrong") && log.contains("outcome=\"clock\""), "{log}");
    assert!(!log.contains("canary"), "{log}");
}

#[tokio::test]
async fn a_way_is_gone_once_and_by_who_began_it() {
    let provider = Provider::start().await;
    let mut router = office("company-ways", &setting(&provider.issuer(), CREATED)).await;
    provider.say(json!({ "preferred_username": "noa", "groups": ["care"] }));
    let lost = "begun in another browser";
    let way = away(&router, provider.addr(), "").await;
    let other = away(&router, provider.addr(), "").await;
    refused(&back(&router, &Way { cookie: String::new(), back: way.back.clone() }).await, 410, lost);
    refused(&back(&router, &Way { cookie: other.cookie.clone(), back: way.back.clone() }).await, 410, lost);
    let forged = format!("{}&iss=https%3A%2F%2Fevil.example", way.back);
    refused(&back(&router, &Way { cookie: way.cookie.clone(), back: forged }).await, 410, lost);
    let twice = format!("{0}&code=x", way.back);
    refused(&back(&router, &Way { cookie: way.cookie.clone(), back: twice }).await, 410, lost);
    // A restart of the router in the middle loses nobody.
    router.stop().await;
    router.start_again().await;
    let reply = back(&router, &way).await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/")));
    assert!(reply.head.contains("blendline-company=; Max-Age=0"), "{}", reply.head);
    // Who kept the cookie comes with a code that was used.
    refused(&back(&router, &way).await, 410, "used already");
    let hebrew = http::once(router.addr, &get(&way.back, "", "he")).await.unwrap();
    assert!(hebrew.text().contains("הכניסה לא הושלמה") && hebrew.text().contains("dir=\"rtl\""), "{}", hebrew.text());

    provider.decline(true);
    refused(&whole(&router, &provider).await, 403, "let nobody in");
    provider.decline(false);
    let nobody = http::once(router.addr, &get("/sign-in/company?tenant=nobody", "", "en")).await.unwrap();
    refused(&nobody, 404, "No company of this name");
    for (claims, words) in [
        (json!({ "preferred_username": "noa", "groups": ["staff"] }), "None of your groups"),
        (json!({ "preferred_username": "noa" }), "None of your groups"),
        (json!({ "preferred_username": "gal", "groups": "care" }), "no worker has your name"),
        (json!({ "preferred_username": "a b", "groups": "bosses" }), "no access here"),
        (json!({ "preferred_username": null, "groups": "bosses" }), "no access here"),
    ] {
        provider.say(claims);
        refused(&whole(&router, &provider).await, 403, words);
    }
    assert!(!router.log().contains("canary"), "{}", router.log());
}

#[tokio::test]
async fn known_users_alone_come_in_and_passwords_can_be_turned_off() {
    let provider = Provider::start().await;
    let more = "name_claim = \"email\"\npasswords = false";
    let router = office("company-known", &setting(&provider.issuer(), more)).await;
    let page = http::once(router.addr, &get("/sign-in", "", "en")).await.unwrap().text();
    assert!(page.contains("data-tenant=\"acme\"") && !page.contains("type=\"password\""), "{page}");
    let once = add(&router, "lea@acme.example", "auditor").await;
    let reply = sign_in(router.addr, "acme", "lea@acme.example", &once).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("company_sign_in")), "{}", reply.text());
    provider.say(json!({ "email": "dan@acme.example" }));
    refused(&whole(&router, &provider).await, 403, "no access here");
    provider.say(json!({ "email": "lea@acme.example", "email_verified": false }));
    refused(&whole(&router, &provider).await, 403, "no access here");
    provider.say(json!({ "email": "Lea@acme.example", "email_verified": true }));
    let lea = browser(&router, &whole(&router, &provider).await).await;
    let current = lea.get("/v1/sessions/current").await.json();
    assert_eq!((current["role"].as_str(), current["must_change"].as_bool()), (Some("auditor"), Some(false)));
    assert_eq!(by_key(&router, "PATCH", "/v1/users/lea@acme.example", &json!({ "disabled": true })).await.status, 200);
    refused(&whole(&router, &provider).await, 403, "no access here");
}

#[tokio::test]
async fn a_provider_that_is_not_there_or_is_another_is_said_so() {
    let provider = Provider::start().await;
    let router = office("company-gone", &setting(&provider.issuer(), CREATED)).await;
    provider.call_itself("https://evil.example");
    let ask = get("/sign-in/company?tenant=acme", "", "en");
    refused(&http::once(router.addr, &ask).await.unwrap(), 502, "does not answer as it should");
    drop(provider);
    refused(&http::once(router.addr, &ask).await.unwrap(), 502, "does not answer as it should");
    assert!(router.log().contains("calls itself by another issuer"), "{}", router.log());
    let metrics = http::once(router.addr, &get("/metrics", "", "en")).await.unwrap().text();
    assert!(metrics.contains("blendline_company_sign_ins_total{outcome=\"provider\"} 2"), "{metrics}");
}
