//! Signing in with a real provider: Debian's Glewlwyd, which signs by RS256 and insists on PKCE.

use blendline_tests::http;
use blendline_tests::identity::{CLIENT, SECRET};
use blendline_tests::person::Browser;
use blendline_tests::servers::glewlwyd::{self, Glewlwyd};

use crate::company::{PAGES, get, path, setting};
use crate::office::office;

const PASSWORD: &str = "four horses eat lemons";

#[tokio::test]
async fn people_come_in_by_way_of_glewlwyd() {
    if !glewlwyd::is_installed() {
        println!("SKIPPED: Glewlwyd is not installed (./test operations installs it)");
        return;
    }
    let provider = Glewlwyd::start((CLIENT, SECRET), &format!("{PAGES}/sign-in/company/back")).await;
    provider.add("noa", PASSWORD, &["staff", "care"]).await;
    let more = "users = \"created\"\nscopes = []\nrole_claim = \"groups\"\nroles = { care = \"worker\" }";
    let router = office("glewlwyd", &setting(&provider.issuer(), more)).await;

    let reply = http::once(router.addr, &get("/sign-in/company?tenant=acme&next=/desk", "", "en")).await.unwrap();
    assert_eq!(reply.status, 303, "{}\n{}", reply.text(), router.log());
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap();
    let asked = path(reply.header("location").unwrap());
    // Who is not signed in there is led to its page; who is and agreed comes back with a code.
    let page = http::once(provider.addr(), &get(&asked, "", "en")).await.unwrap();
    assert!(page.status == 302 && page.header("location").unwrap().contains("login.html"), "{}", page.head);
    let noa = provider.sign_in("noa", PASSWORD).await;
    noa.agree(CLIENT).await;
    let there = noa.open(&format!("{asked}&g_continue")).await;
    let location = there.header("location").unwrap();
    assert!(location.starts_with(PAGES), "{}", there.head);

    let back = http::once(router.addr, &get(&path(location), cookie, "en")).await.unwrap();
    assert_eq!((back.status, back.header("location")), (303, Some("/desk")), "{}\n{}", back.text(), router.log());
    let cookie = back.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let noa = Browser { addr: router.addr, cookie, csrf: String::new(), set_cookie: String::new() };
    let current = noa.get("/v1/sessions/current").await.json();
    assert_eq!((current["name"].as_str(), current["role"].as_str()), (Some("noa"), Some("worker")), "{current}");
    // The same way once more: the provider itself refuses the code.
    let flight = reply.header("set-cookie").unwrap().split(';').next().unwrap();
    let again = http::once(router.addr, &get(&path(location), flight, "en")).await.unwrap();
    assert_eq!(again.status, 410, "{}\n{}", again.text(), router.log());
    assert!(again.text().contains("used already"), "{}", again.text());
}
