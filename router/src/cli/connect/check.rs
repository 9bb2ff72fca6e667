//! What can be known of an account's set-up without sending anything to anybody.

use std::fmt;
use std::time::Duration;

use blendline_connectors::standing::{Standing, Stands};
use reqwest::{StatusCode, Url};

use super::Found;
use crate::accounts::AccountState;
use crate::cli::sign;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What the handshakes of platforms ask to hear back.
const CHALLENGE: &str = "blendline-check";

/// How one thing stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    /// As it must be.
    Good,
    /// To be mended.
    Wrong,
    /// Nobody can know from here.
    Open,
}

/// One thing that was looked at: what it is, and what to do where it is not well.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) mark: Mark,
    what: &'static str,
    says: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Good => "good ",
            Mark::Wrong => "WRONG",
            Mark::Open => "open ",
        };
        write!(f, "{mark} {}: {}", self.what, self.says)
    }
}

fn good(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { mark: Mark::Good, what, says: says.into() }
}

fn wrong(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { mark: Mark::Wrong, what, says: says.into() }
}

fn open(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { mark: Mark::Open, what, says: says.into() }
}

/// Looks at everything, the nearest first.
pub(super) async fn examine(found: &Found, url: Option<&str>, http: &reqwest::Client) -> Vec<Finding> {
    let mut findings = settings(found);
    findings.push(handshake(found));
    match url {
        Some(url) => findings.extend(server(found, url, http).await),
        None => findings.push(open("server", "give --url to look at a running one")),
    }
    findings.extend(platform(found, http).await);
    findings.extend(subscription(found, http).await);
    findings.extend(standings(found, http).await);
    findings
}

/// What the channel knows to ask its platform beyond that.
async fn standings(found: &Found, http: &reqwest::Client) -> Vec<Finding> {
    let all = found.connector.standings(&found.account, &path(found), http).await;
    let finding = |Standing { what, stands }| match stands {
        Stands::Well(says) => good(what, says),
        Stands::Badly(says) => wrong(what, says),
        Stands::Unknown(says) => open(what, says),
    };
    all.into_iter().map(finding).collect()
}

/// Where the account takes webhooks.
fn path(found: &Found) -> String {
    format!("/v1/webhooks/{}/{}", found.connector.name(), found.account.name)
}

/// Whether the platform posts what the channel reads, where it tells.
async fn subscription(found: &Found, http: &reqwest::Client) -> Option<Finding> {
    // What the call lacks is told with the platform's own finding.
    let call = found.connector.ask_subscription(&found.account, http)?.ok()?;
    let answer = async {
        let answer = call.timeout(TIMEOUT).send().await?.error_for_status()?;
        answer.bytes().await
    };
    let path = path(found);
    Some(match answer.await {
        Ok(bytes) => match found.connector.subscription(&bytes, &path) {
            Ok(says) => good("subscription", says),
            Err(says) => wrong("subscription", says),
        },
        Err(_) => open("subscription", "the platform does not say what it posts: see whether a first message comes"),
    })
}

/// A wrong or missing setting was refused with the configuration; what is left are those that only sending needs.
fn settings(found: &Found) -> Vec<Finding> {
    let missing: Vec<_> = found
        .connector
        .settings()
        .iter()
        .filter(|setting| setting.secret && found.account.setting(setting.name).is_none())
        .map(|setting| open("settings", format!("{} is not set: {}", setting.name, setting.doc)))
        .collect();
    if missing.is_empty() { vec![good("settings", "every one is known, and no secret is missing")] } else { missing }
}

/// The query of every platform's handshake at once: each reads its own.
fn query(found: &Found) -> Vec<(String, String)> {
    let token = found.account.setting("verify_token").unwrap_or_default();
    [
        ("hub.mode", "subscribe"),
        ("hub.verify_token", token),
        ("hub.challenge", CHALLENGE),
        ("crc_token", CHALLENGE),
        ("challengeCode", CHALLENGE),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

fn handshake(found: &Found) -> Finding {
    use blendline_connectors::Refusal;
    match found.connector.handshake(&found.account, &query(found)) {
        Ok(_) => good("handshake", "the platform's question is answered"),
        Err(Refusal::NotSupported) => good("handshake", "the channel has none"),
        Err(refusal) => wrong("handshake", refusal.to_string()),
    }
}

/// The running server: that it has the account, answers the handshake, refuses what is forged and takes what is signed.
async fn server(found: &Found, url: &str, http: &reqwest::Client) -> Vec<Finding> {
    let (channel, name) = (found.connector.name(), &found.account.name);
    let webhook = match Url::parse(url).and_then(|url| url.join(&format!("/v1/webhooks/{channel}/{name}"))) {
        Ok(webhook) => webhook,
        Err(_) => return vec![wrong("server", "--url is no URL: give one such as https://blendline.example.com")],
    };
    let mut findings = Vec::new();
    match http.post(webhook.clone()).timeout(TIMEOUT).body("{}").send().await.map(|answer| answer.status()) {
        Err(_) => return vec![wrong("server", format!("nobody answers at {webhook}: start it, or correct --url"))],
        Ok(StatusCode::UNAUTHORIZED) => {
            findings.push(good("server", "it has the account and refuses what is not signed"))
        }
        Ok(StatusCode::NOT_FOUND) => {
            return vec![wrong("server", "it does not have the account: restart it with this configuration")];
        }
        Ok(status) if status.is_success() => {
            findings
                .push(wrong("server", "it takes what nobody signed: a proxy before it answers, or it is no blendline"));
        }
        Ok(status) => findings.push(wrong("server", format!("it answers {status}: see its log"))),
    }
    if let Ok(expected) = found.connector.handshake(&found.account, &query(found)) {
        let mut asked = webhook.clone();
        asked.query_pairs_mut().extend_pairs(query(found));
        let heard = async { http.get(asked).timeout(TIMEOUT).send().await?.text().await }.await;
        findings.push(match heard {
            Ok(heard) if heard == expected => good("server", "the handshake is answered from outside, too"),
            _ => wrong("server", "the handshake is answered differently: restart it with this configuration"),
        });
    }
    findings.extend(signed(found, webhook, http).await);
    findings
}

/// A body that holds nothing, signed as Meta signs: it is taken, and nothing comes of it.
async fn signed(found: &Found, webhook: Url, http: &reqwest::Client) -> Option<Finding> {
    let secret = found.account.setting_values("app_secret").next()?;
    let body = found.connector.empty_body()?;
    let signature = sign::signature(secret, body.as_bytes()).ok()?;
    let call = http.post(webhook).header("X-Hub-Signature-256", signature).body(body).timeout(TIMEOUT);
    Some(match call.send().await.map(|answer| answer.status()) {
        Ok(status) if status.is_success() => good("signature", "what the app's secret signs is taken"),
        Ok(StatusCode::UNAUTHORIZED) => {
            wrong("signature", "what this app_secret signs is refused: the server has another one; restart it")
        }
        Ok(status) => wrong("signature", format!("a signed sample is answered {status}: see the server's log")),
        Err(_) => wrong("signature", "the server stopped answering"),
    })
}

/// The platform: that it is reached, and that it knows us.
async fn platform(found: &Found, http: &reqwest::Client) -> Vec<Finding> {
    let (state, detail) = super::health::ask(&found.account, found.connector, http).await;
    let says = match detail {
        Some(detail) => format!("{}: {detail} {}", state.as_str(), state.says()),
        None => format!("{}: {}", state.as_str(), state.says()),
    };
    vec![match state {
        AccountState::Fine => good("platform", says),
        AccountState::Unknown => {
            open("platform", "whether it knows us shows with the first message: try `blendline send-test`")
        }
        AccountState::Limited => open("platform", says),
        _ => wrong("platform", says),
    }]
}

#[cfg(test)]
mod tests {
    use blendline_connectors::{Account, by_name};
    use blendline_wire::AccountId;

    use super::*;

    fn found(channel: &str, settings: &[(&str, &str)]) -> Found {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let account = Account { id: AccountId(0), name: "support".into(), external_id: "1".into(), settings };
        Found { account, connector: by_name(channel).unwrap() }
    }

    fn marks(findings: &[Finding], what: &str) -> Vec<Mark> {
        findings.iter().filter(|finding| finding.what == what).map(|finding| finding.mark).collect()
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_with_the_cure() {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = blendline_connectors::http_client_rules().build().unwrap();
        let nowhere = "http://127.0.0.1:1";
        let whole = [("app_secret", "a"), ("verify_token", "v"), ("access_token", "t"), ("base_url", nowhere)];
        let findings = examine(&found("whatsapp_cloud", &whole), Some(nowhere), &http).await;
        assert_eq!(marks(&findings, "settings"), [Mark::Good]);
        assert_eq!(marks(&findings, "handshake"), [Mark::Good]);
        assert_eq!(marks(&findings, "server"), [Mark::Wrong]);
        assert_eq!(marks(&findings, "platform"), [Mark::Wrong]);
        let said = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(said.contains("start it") && said.contains("unreachable: "), "{said}");

        let findings = examine(&found("telegram", &[("secret_token", "s")]), None, &http).await;
        assert_eq!(marks(&findings, "settings"), [Mark::Open], "bot_token is only needed to send");
        assert_eq!(marks(&findings, "handshake"), [Mark::Good], "there is none");
        assert_eq!(marks(&findings, "platform"), [Mark::Wrong], "and it cannot be asked without");

        let findings = examine(&found("messenger", &[("app_secret", "a")]), None, &http).await;
        assert_eq!(marks(&findings, "handshake"), [Mark::Wrong], "no verify_token");
    }
}
