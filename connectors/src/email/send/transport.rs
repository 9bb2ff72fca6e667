//! One connection to the account's mail server, and what each way of it ending means.
//!
//! The question is always the same: can the server have taken the mail? Before the end of its data it cannot, so it is
//! tried again; after it, only a reply tells.

use std::time::Duration;

use blendline_wire::outbound::{SendFailure, SendOutcome};
use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;

use super::compose::Mail;
use crate::Account;
use crate::call::{failed, unknown};
use crate::email::mailbox::{Security, roots};
use crate::email::token::TokenSource;
use crate::settings;

/// Port of RFC 6409, and of RFC 8314 for TLS from the first byte.
const SUBMISSION_PORT: u16 = 587;
const SUBMISSIONS_PORT: u16 = 465;
/// From the look-up of the server's name to its word to begin with the data.
const READY_WITHIN: Duration = Duration::from_secs(15);
/// For the data and the reply to its end; filters look at the mail meanwhile.
const TAKEN_WITHIN: Duration = Duration::from_secs(40);
const FAREWELL_WITHIN: Duration = Duration::from_millis(500);
/// The longest that [`hand_over`] takes, in milliseconds, with a file fetched before it.
pub(in crate::email) const CALL_MS: u64 = 60_000;
/// Who greylists or is busy wants to be left alone for a while.
const BUSY_MS: u64 = 60_000;

/// Where in the talk something went wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Connect,
    SignIn,
    Sender,
    Recipient,
    Data,
}

/// Hands `mail` over once.
pub(super) async fn hand_over(account: &Account, mail: &Mail) -> SendOutcome {
    let ready = timeout(READY_WITHIN, prepare(account, mail)).await;
    let mut connection = match ready {
        Ok(Ok(connection)) => connection,
        Ok(Err(outcome)) => return outcome,
        Err(_) => return retry("timeout", "the mail server did not answer in time: it is tried again", 0),
    };
    let outcome = match timeout(TAKEN_WITHIN, connection.message(&mail.bytes)).await {
        Ok(Ok(_)) => SendOutcome::Sent { external_id: mail.message_id.clone() },
        Ok(Err(error)) if error.status().is_some() => refused(Step::Data, &error),
        Ok(Err(_)) => unknown("connection_lost", "the mail server did not say whether it took the mail"),
        Err(_) => return unknown("timeout", "the mail server did not say in time whether it took the mail"),
    };
    // Whether it hears that changes nothing.
    let _ = timeout(FAREWELL_WITHIN, connection.quit()).await;
    outcome
}

/// Everything up to the server's word to begin with the data.
async fn prepare(account: &Account, mail: &Mail) -> Result<AsyncSmtpConnection, SendOutcome> {
    let security = Security::of(account, "smtp_tls", Security::StartTls);
    let port = if security == Security::Implicit { SUBMISSIONS_PORT } else { SUBMISSION_PORT };
    let server = account.setting("smtp_server").and_then(|server| settings::server(server, port));
    let (host, port) = server
        .ok_or_else(|| down("configuration", "the account has no smtp_server: set it, then mails can be sent"))?;
    let tls = if security == Security::None { None } else { Some(tls(account, host)?) };
    let hello = ClientId::Domain(mail.from.domain().to_owned());

    let implicit = tls.clone().filter(|_| security == Security::Implicit);
    let connected = AsyncSmtpConnection::connect_tokio1((host, port), None, &hello, implicit, None).await;
    let mut connection = connected.map_err(|error| refused(Step::Connect, &error))?;
    if let (Security::StartTls, Some(tls)) = (security, tls) {
        if !connection.can_starttls() {
            let detail = "the mail server offers no STARTTLS: set smtp_tls as the server wants it";
            return Err(down("configuration", detail));
        }
        connection.starttls(tls, &hello).await.map_err(|error| refused(Step::Connect, &error))?;
    }
    sign_in(account, &mut connection).await?;
    let options = options(&connection, mail)?;
    let sender = MailFrom::new(Some(mail.reports_to.clone()), options);
    connection.command(sender).await.map_err(|error| refused(Step::Sender, &error))?;
    let recipient = Rcpt::new(mail.to.clone(), Vec::new());
    connection.command(recipient).await.map_err(|error| refused(Step::Recipient, &error))?;
    connection.command(Data).await.map_err(|error| refused(Step::Data, &error))?;
    Ok(connection)
}

fn tls(account: &Account, host: &str) -> Result<TlsParameters, SendOutcome> {
    let unreadable = |_| down("configuration", "tls_roots cannot be used: give certificates in PEM");
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = roots(account) {
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(unreadable)?);
    }
    builder.build().map_err(unreadable)
}

async fn sign_in(account: &Account, connection: &mut AsyncSmtpConnection) -> Result<(), SendOutcome> {
    let Some(user) = account.setting("smtp_user") else { return Ok(()) };
    let (mechanisms, proof): (&[Mechanism], _) = match TokenSource::of_smtp(account) {
        Some(source) => {
            let token = source.token().await.ok_or_else(|| {
                let detail = format!("smtp_{} gives no access token: see what renews it", source.setting());
                retry("no_token", detail, BUSY_MS)
            })?;
            (&[Mechanism::Xoauth2], token)
        }
        None => {
            let password = account.setting("smtp_password").ok_or_else(|| {
                down("credentials", "the account has an smtp_user and neither smtp_password nor a token")
            })?;
            (&[Mechanism::Plain, Mechanism::Login], password.to_owned())
        }
    };
    if connection.server_info().get_auth_mechanism(mechanisms).is_none() {
        let detail = "the mail server takes no such proof on this connection: see smtp_tls, and whether it wants a password \
                      or a token";
        return Err(down("configuration", detail));
    }
    let credentials = Credentials::new(user.to_owned(), proof);
    connection.auth(mechanisms, &credentials).await.map_err(|error| refused(Step::SignIn, &error))?;
    Ok(())
}

/// What the server must know before: letters beyond ASCII in addresses, and in the mail.
fn options(connection: &AsyncSmtpConnection, mail: &Mail) -> Result<Vec<MailParameter>, SendOutcome> {
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let mut options = Vec::new();
    if !is_ascii(&mail.from) || !is_ascii(&mail.to) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let detail = "the address has letters beyond ASCII and the mail server cannot pass them on (SMTPUTF8): \
                          write to another address of the contact, or use another server";
            return Err(failed("address_not_supported", detail));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if connection.server_info().supports_feature(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    } else if !mail.bytes.is_ascii() {
        return Err(failed("address_not_supported", "the mail server takes no letters beyond ASCII in a header"));
    }
    Ok(options)
}

/// What a refusal, or the lack of a reply, means at a step before the mail can have been taken.
fn refused(step: Step, error: &Error) -> SendOutcome {
    let Some(code) = error.status().map(u16::from) else {
        if has_bad_certificate(error) {
            return down("configuration", "the mail server's certificate is not good for its name: see tls_roots");
        }
        return retry("unreachable", "no talk with the mail server: it is tried again", 0);
    };
    let outcome = judge(step, code);
    with_code(outcome, code)
}

fn judge(step: Step, code: u16) -> SendOutcome {
    match (step, code) {
        (_, 400..=499) => retry("busy", "the mail server asks to come back later: it is tried again", BUSY_MS),
        (Step::SignIn, _) => down("credentials", "the mail server refuses user or password: set new ones"),
        (_, 530 | 534 | 535 | 538) => down("credentials", "the mail server wants us to sign in: set smtp_user"),
        (_, 523 | 552) => failed("too_large", "the mail server does not take so large a mail: send less"),
        (Step::Connect, _) => down("configuration", "the mail server does not let us in: see its log"),
        (Step::Sender, _) => down("configuration", "the mail server does not let the account write from its address"),
        (Step::Recipient, _) => failed("undeliverable", "the mail server refuses the recipient: see its code"),
        (Step::Data, _) => failed("refused", "the mail server refuses the mail: see its code"),
    }
}

fn has_bad_certificate(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        let inner = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| matches!(inner.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))) {
            return true;
        }
        cause = one.source();
    }
    false
}

fn down(reason: &str, detail: &str) -> SendOutcome {
    SendOutcome::AccountDown { cause: SendFailure::new(reason, detail) }
}

fn retry(reason: &str, detail: impl Into<String>, after_ms: u64) -> SendOutcome {
    SendOutcome::Retry { after_ms, cause: SendFailure::new(reason, detail) }
}

fn with_code(mut outcome: SendOutcome, code: u16) -> SendOutcome {
    match &mut outcome {
        SendOutcome::Retry { cause, .. } | SendOutcome::Failed { cause } | SendOutcome::AccountDown { cause } => {
            cause.code = Some(i64::from(code));
        }
        SendOutcome::Sent { .. } | SendOutcome::Unknown { .. } => {}
    }
    outcome
}
