//! Signing in with the account of one's company: OpenID Connect, authorization code flow with PKCE.
//!
//! 1. `GET /sign-in/company` makes a [`flight`]: a secret in a cookie of the browser. State, nonce and the verifier of
//!    PKCE are all computed from it, so nothing is kept on the server, and any process may take the browser back.
//! 2. The provider sends the browser back with a code. [`provider`] exchanges it for an ID token, over TLS.
//! 3. [`token`] verifies that; [`identity`] reads from its claims who it is; [`entry`] opens the session.
//!
//! What went wrong is a [`Refusal`], for which the pages have words. Codes, tokens and claims are written to no log.
//!
//! Suggested reading order: [`flight`], [`provider`], [`token`], [`identity`], [`entry`].

pub mod entry;
pub mod flight;
pub mod identity;
pub mod provider;
pub mod token;

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_wire::{Millis, TenantId};

use self::flight::Flight;
use self::identity::Identity;
use self::provider::{Asked, Provider};
use crate::config::{CheckedTenant, CompanySignIn};
use crate::directory::Directory;

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The tenant has no such sign-in, or there is no such tenant.
    #[error("no company of this name signs in this way")]
    Off,
    /// The browser brings no flight, or the answer belongs to another: it was begun elsewhere, too long ago, or used.
    #[error("the sign-in was begun elsewhere, is over or was used already")]
    Lost,
    /// The provider, or whoever sat before its page, said no.
    #[error("the provider let nobody in")]
    Declined,
    /// The provider does not take the code: it was used already, or took too long.
    #[error("the provider does not take the code")]
    Used,
    /// Too many come back at this moment.
    #[error("too many sign in at this moment")]
    Busy,
    /// The provider did not answer as a provider does; the text says which part of it, and nothing of its answer.
    #[error("the provider does not answer as it should: {0}")]
    Provider(&'static str),
    /// The token is not of now: one of the two clocks is wrong.
    #[error("the token is not of this time: the clocks of provider and router differ")]
    Clock,
    /// The token is not to be believed; the text says why.
    #[error("the token is not to be believed: {0}")]
    Unbelieved(&'static str),
    /// He is no user here, is disabled, or his name is another account's.
    #[error("he is no user here: {0}")]
    Stranger(&'static str),
    /// Nothing he has there is a role here.
    #[error("none of his groups is a role here")]
    NoRole,
    /// He would be a worker, and there is none of his name.
    #[error("there is no worker of his name")]
    NoWorker,
    /// The record or the system did not answer.
    #[error("the record did not answer")]
    Broken,
}

impl Refusal {
    /// How it is counted.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Lost => "lost",
            Self::Declined => "declined",
            Self::Used => "used",
            Self::Busy => "busy",
            Self::Provider(_) => "provider",
            Self::Clock => "clock",
            Self::Unbelieved(_) => "unbelieved",
            Self::Stranger(_) => "stranger",
            Self::NoRole => "no_role",
            Self::NoWorker => "no_worker",
            Self::Broken => "broken",
        }
    }
}

/// The providers of this installation, by tenant.
#[derive(Default)]
pub struct Companies {
    known: BTreeMap<TenantId, Arc<Company>>,
}

/// One tenant's provider.
pub struct Company {
    settings: CompanySignIn,
    provider: Provider,
}

impl Companies {
    /// The providers that tenants are configured with. `http` is for asking them; it follows no redirects.
    pub fn new(tenants: &[CheckedTenant], directory: &Directory, http: &reqwest::Client) -> Self {
        let company = |tenant: &CheckedTenant| {
            let settings = tenant.company.clone()?;
            let (id, _) = directory.tenants.iter().find(|(_, name)| **name == tenant.name)?;
            let provider = Provider::new(&settings, http.clone());
            Some((*id, Arc::new(Company { settings, provider })))
        };
        Self { known: tenants.iter().filter_map(company).collect() }
    }

    /// The provider of a tenant.
    ///
    /// # Errors
    /// [`Refusal::Off`] when it has none.
    pub fn of(&self, tenant: TenantId) -> Result<Arc<Company>, Refusal> {
        self.known.get(&tenant).cloned().ok_or(Refusal::Off)
    }

    /// Whether people of a tenant may sign in with a password.
    pub fn passwords(&self, tenant: TenantId) -> bool {
        self.known.get(&tenant).is_none_or(|company| company.settings.passwords)
    }

    /// Every tenant that has a provider.
    pub fn tenants(&self) -> impl Iterator<Item = TenantId> {
        self.known.keys().copied()
    }
}

impl Company {
    /// Where to send a browser that begins `flight`.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn begin(&self, flight: &Flight) -> Result<String, Refusal> {
        let asked = Asked { state: &flight.state(), nonce: &flight.nonce(), challenge: &flight.challenge() };
        self.provider.authorization_url(&self.settings, &asked).await
    }

    /// Who came back from `flight` with `code`.
    ///
    /// # Errors
    /// Whatever is wrong with the code, the token or the claims in it.
    pub async fn finish(&self, now: Millis, flight: &Flight, code: &str) -> Result<Identity, Refusal> {
        let token = self.provider.exchange(&self.settings, code, &flight.verifier()).await?;
        let claims = token::verify(&self.provider, &self.settings, &token, (now, &flight.nonce())).await?;
        Identity::read(&self.settings, &claims)
    }

    /// Whether an answer that names its issuer (RFC 9207) names this one.
    pub fn is_issuer(&self, named: Option<&str>) -> bool {
        named.is_none_or(|named| named == self.settings.issuer)
    }

    /// How it is set up.
    pub const fn settings(&self) -> &CompanySignIn {
        &self.settings
    }
}
