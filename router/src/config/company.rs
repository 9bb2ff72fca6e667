//! How the people of a tenant sign in with the account of their company (OpenID Connect).

use std::collections::BTreeMap;
use std::ops::Range;

use blendline_connectors::Secret;
use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Source};
use super::secret;
use crate::directory::Role;

/// The most scopes that are asked for.
const SCOPES_MAX: usize = 16;

/// As it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompanyFile {
    issuer: Spanned<String>,
    client_id: Spanned<String>,
    #[serde(default)]
    client_secret: Option<Spanned<String>>,
    url: Spanned<String>,
    #[serde(default)]
    scopes: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    name_claim: Option<Spanned<String>>,
    #[serde(default)]
    role_claim: Option<Spanned<String>>,
    #[serde(default)]
    worker_claim: Option<Spanned<String>>,
    #[serde(default)]
    roles: BTreeMap<Spanned<String>, Spanned<Role>>,
    #[serde(default)]
    users: Users,
    #[serde(default = "yes")]
    passwords: bool,
}

const fn yes() -> bool {
    true
}

/// Who may sign in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// Who was added as a user before.
    #[default]
    Known,
    /// Everybody to whom the provider gives a role; he becomes a user at his first sign-in.
    Created,
}

/// How people sign in with the account of their company.
#[derive(Clone, Debug)]
pub struct CompanySignIn {
    /// The provider, exactly as its documents call it.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// What proves it; none for a public client, which PKCE alone protects.
    pub client_secret: Option<Secret>,
    /// The origin under which people open our pages, without a slash at its end.
    pub url: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that is the user's name.
    pub name_claim: String,
    /// The claim that holds his groups or roles there; none: the role that is on record counts.
    pub role_claim: Option<String>,
    /// The claim that names the worker he is, with the role worker.
    pub worker_claim: String,
    /// Our role for each of the claim's values.
    pub roles: BTreeMap<String, Role>,
    /// Who may.
    pub users: Users,
    /// Whether people may sign in with a password as well.
    pub passwords: bool,
}

/// Checks what is written for one tenant.
pub(super) fn check(
    source: &Source<'_>,
    written: &CompanyFile,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<CompanySignIn, ConfigError> {
    address(source, &written.issuer)?;
    let url = address(source, &written.url)?;
    if url.path() != "/" {
        let hint = "give the origin alone, such as https://desk.example.com";
        return Err(source.error(written.url.span(), "this is more than an origin", hint));
    }
    let client_secret = written.client_secret.as_ref().map(|given| fetch(source, given, env)).transpose()?;
    let client_id = fetch(source, &written.client_id, env)?;
    let scopes = match &written.scopes {
        Some(scopes) => checked_scopes(source, scopes)?,
        None => vec!["profile".to_owned(), "email".to_owned()],
    };
    let name_claim = claim(source, written.name_claim.as_ref())?.unwrap_or_else(|| "preferred_username".to_owned());
    let role_claim = claim(source, written.role_claim.as_ref())?;
    let roles = roles(source, written, role_claim.is_some())?;
    Ok(CompanySignIn {
        // As it is written: issuers are compared letter by letter, and a URL adds its slash.
        issuer: written.issuer.get_ref().clone(),
        client_id: client_id.expose().to_owned(),
        client_secret,
        url: url.origin().ascii_serialization(),
        scopes,
        worker_claim: claim(source, written.worker_claim.as_ref())?.unwrap_or_else(|| name_claim.clone()),
        name_claim,
        role_claim,
        roles,
        users: written.users,
        passwords: written.passwords,
    })
}

fn roles(source: &Source<'_>, written: &CompanyFile, claimed: bool) -> Result<BTreeMap<String, Role>, ConfigError> {
    if let Some((_, role)) = written.roles.iter().find(|(_, role)| *role.get_ref() == Role::Integrator) {
        let hint = "integrators are programs: give them a [[tenant.key]]";
        return Err(source.error(role.span(), "who signs in is a person", hint));
    }
    if claimed == written.roles.is_empty() {
        let hint = "give both: role_claim = \"groups\" and roles = { \"their group\" = \"supervisor\" }";
        return Err(source.error(written.issuer.span(), "`role_claim` and `roles` belong together", hint));
    }
    if written.users == Users::Created && !claimed {
        let hint = "name `role_claim` and `roles`, or let in known users only: users = \"known\"";
        return Err(source.error(written.issuer.span(), "users who are created would have no role", hint));
    }
    let pair = |(value, role): (&Spanned<String>, &Spanned<Role>)| (value.get_ref().clone(), *role.get_ref());
    Ok(written.roles.iter().map(pair).collect())
}

/// An address that may be asked: TLS, or this very machine.
fn address(source: &Source<'_>, written: &Spanned<String>) -> Result<Url, ConfigError> {
    let hint = "give a whole address such as https://login.example.com";
    let refuse = |why: &str| source.error(written.span(), why, hint);
    let url = Url::parse(written.get_ref()).map_err(|_| refuse("this is no address"))?;
    if !is_safe(&url) {
        return Err(refuse("sign-in needs https; http is for this very machine only"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("this address has parts that it must not have"));
    }
    Ok(url)
}

/// Whether what is sent to an address stays between the two: https, or plain http within this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    let own = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && own)
}

fn fetch(
    source: &Source<'_>,
    written: &Spanned<String>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, ConfigError> {
    let text =
        secret::fetch(written.get_ref(), env).map_err(|(message, hint)| source.error(written.span(), message, hint))?;
    if text.is_empty() {
        return Err(source.error(written.span(), "this is empty", "the provider gives it: copy it from there"));
    }
    Ok(Secret::new(text))
}

fn checked_scopes(source: &Source<'_>, written: &Spanned<Vec<String>>) -> Result<Vec<String>, ConfigError> {
    let good = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    let scopes = written.get_ref();
    if SCOPES_MAX < scopes.len() || !scopes.iter().all(good) {
        let span: Range<usize> = written.span();
        return Err(source.error(span, "these are no scopes", "at most 16 words such as \"groups\""));
    }
    Ok(scopes.iter().filter(|scope| *scope != "openid").cloned().collect())
}

fn claim(source: &Source<'_>, written: Option<&Spanned<String>>) -> Result<Option<String>, ConfigError> {
    let Some(written) = written else { return Ok(None) };
    let name = written.get_ref();
    if name.is_empty() || 200 < name.len() {
        return Err(source.error(written.span(), "this is no name of a claim", "such as \"email\" or \"groups\""));
    }
    Ok(Some(name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const GOOD: &str = "[[tenant]]\nname = \"acme\"\n[tenant.oidc]\nissuer = \"https://login.example.com/acme\"\n\
        client_id = \"blendline\"\nclient_secret = \"env:SECRET\"\nurl = \"https://desk.example.com\"\n\
        role_claim = \"groups\"\nusers = \"created\"\nroles = { \"care team\" = \"worker\", boss = \"admin\" }\n";

    fn read(text: &str) -> Result<CompanySignIn, ConfigError> {
        let env = |name: &str| (name == "SECRET").then(|| "s3cret-of-the-provider".to_owned());
        Config::parse("test.toml", text, &env).map(|config| config.tenants[0].company.clone().unwrap())
    }

    #[test]
    fn a_provider_is_read() {
        let company = read(GOOD).unwrap();
        assert_eq!(company.issuer, "https://login.example.com/acme");
        assert_eq!(
            (company.url.as_str(), company.name_claim.as_str()),
            ("https://desk.example.com", "preferred_username")
        );
        assert_eq!(company.worker_claim, "preferred_username");
        assert_eq!(company.roles["care team"], Role::Worker);
        assert!(company.passwords && company.users == Users::Created);
        assert!(!format!("{company:?}").contains("s3cret"), "a secret is not shown");
    }

    #[test]
    fn a_provider_that_cannot_be_trusted_is_refused() {
        for (from, to, says) in [
            ("https://login.example.com/acme", "http://login.example.com", "needs https"),
            ("https://login.example.com/acme", "login.example.com", "no address"),
            ("https://desk.example.com", "https://desk.example.com/desk", "more than an origin"),
            ("https://desk.example.com", "https://u:p@desk.example.com", "must not have"),
            ("env:SECRET", "env:OTHER", "OTHER is not set"),
            ("\"blendline\"", "\"\"", "empty"),
            ("role_claim = \"groups\"\n", "", "belong together"),
            ("boss = \"admin\"", "boss = \"integrator\"", "is a person"),
            ("boss = \"admin\"", "boss = \"chief\"", "unknown variant"),
            ("url =", "uri =", "unknown field"),
        ] {
            let error = read(&GOOD.replace(from, to)).unwrap_err();
            assert!(error.message.contains(says), "{to}: {error}");
        }
        let nobody = GOOD.replace("role_claim = \"groups\"\n", "").replace("roles = ", "# ");
        assert!(read(&nobody).unwrap_err().message.contains("no role"));
    }
}
