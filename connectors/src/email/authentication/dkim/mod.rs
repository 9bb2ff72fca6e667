//! DKIM: who signed this mail.
//!
//! A signature counts only where nothing of the mail is outside of it that a reader would take for signed: every `From` and
//! the whole body. `l=` leaves the end of the body unsigned, where anybody may add what he likes.

mod canonical;
mod key;
mod signature;

use blendline_wire::Millis;
use ring::digest::{Context, Digest, SHA256};

use self::canonical::Form;
use self::key::{Key, NoKey};
use self::signature::{Odd, Signature};
use super::fields::{Field, Mail};
use super::tags::Tags;
use super::{Outcome, Resolver, name, resolver};

/// Signatures that are looked at, from the top: the first few are of those who sent it last.
const SIGNATURES_MAX: usize = 5;
/// Keys at one name; there should be one.
const KEYS_MAX: usize = 3;

/// What came of one signature.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) outcome: Outcome,
    /// Why, where it did not pass; our own words.
    pub(super) why: Option<&'static str>,
    pub(super) domain: String,
    pub(super) selector: String,
}

impl Checked {
    /// A mail is signed and its header has no one reading.
    pub(super) fn of_malformed_header() -> Self {
        let why = Some("the header is malformed");
        Self { outcome: Outcome::Neutral, why, domain: String::new(), selector: String::new() }
    }
}

/// Checks the signatures of a mail that has so many fields `From` for whoever reads it.
pub(super) async fn check(mail: &Mail<'_>, authors: usize, resolver: &dyn Resolver, now: Millis) -> Vec<Checked> {
    let (mut all, mut bodies) = (Vec::new(), Bodies::default());
    for field in mail.fields.iter().filter(|field| field.is(b"dkim-signature")).take(SIGNATURES_MAX) {
        let (domain, selector) = Signature::named(field);
        let (outcome, why) = match one((mail, &mut bodies), field, authors, resolver, now).await {
            Ok(()) => (Outcome::Pass, None),
            Err((outcome, why)) => (outcome, Some(why)),
        };
        all.push(Checked { outcome, why, domain, selector });
    }
    all
}

type Verdict<T> = Result<T, (Outcome, &'static str)>;

async fn one(
    (mail, bodies): (&Mail<'_>, &mut Bodies),
    field: &Field<'_>,
    authors: usize,
    resolver: &dyn Resolver,
    now: Millis,
) -> Verdict<()> {
    let signature = Signature::read(field).map_err(|odd| match odd {
        Odd::Malformed(why) => (Outcome::PermError, why),
        Odd::Unusable(why) => (Outcome::Neutral, why),
    })?;
    let there = mail.fields.iter().filter(|field| field.is(b"from")).count().max(authors);
    if signature.signed.iter().filter(|name| *name == "from").count() < there {
        return Err((Outcome::Neutral, "another From was added"));
    }
    if signature.expires_at.is_some_and(|at| at < now.0 / 1000) {
        return Err((Outcome::Fail, "it has expired"));
    }
    let key = key(&signature, resolver).await?;
    if !key.is_for(&signature) {
        return Err((Outcome::PermError, "the key is not for this"));
    }
    if !key.proves(&signed(mail, field, &signature), &signature.value) {
        return Err((Outcome::Fail, "the header was changed"));
    }
    body_is_signed(bodies.of(signature.body_form, mail), &signature)?;
    if key.is_test { Err((Outcome::Neutral, "the signer is testing")) } else { Ok(()) }
}

async fn key(signature: &Signature, resolver: &dyn Resolver) -> Verdict<Key> {
    let at = signature.key_name();
    if !name::is_name(&at) {
        return Err((Outcome::PermError, "no name of a key"));
    }
    let found = resolver::texts(resolver, &at, |_| true).await;
    let texts = found.map_err(|_| (Outcome::TempError, "the key could not be asked for"))?;
    let mut why = "there is no key";
    for text in texts.iter().take(KEYS_MAX) {
        match Key::read(text) {
            Ok(key) => return Ok(key),
            Err(NoKey::TooShort) => return Err((Outcome::Neutral, "the key is too short")),
            Err(NoKey::Revoked) => why = "the key is revoked",
            Err(NoKey::NotForThis) => why = "the key is not for this",
            Err(NoKey::Malformed) => why = "the key is malformed",
        }
    }
    Err((Outcome::PermError, why))
}

/// The bytes that are signed: the fields that `h=` names, each from the bottom up, and the signature's own without its value.
fn signed(mail: &Mail<'_>, own: &Field<'_>, signature: &Signature) -> Vec<u8> {
    let mut out = Vec::new();
    let mut taken = vec![false; mail.fields.len()];
    for name in &signature.signed {
        let found = mail.fields.iter().enumerate().rev().find(|(at, field)| !taken[*at] && field.is(name.as_bytes()));
        // One that is not there is signed as such: nobody may add it.
        if let Some((at, field)) = found {
            taken[at] = true;
            canonical::field(signature.header_form, field, &mut out);
        }
    }
    let begin = own.whole.len() - own.value().len();
    let place = std::str::from_utf8(own.value()).ok().and_then(|text| Tags::read(text)?.place("b")).unwrap_or(0..0);
    let without = [&own.whole[..begin + place.start], &own.whole[begin + place.end..]].concat();
    // Its own line end is not signed.
    let without = without.strip_suffix(b"\r\n").unwrap_or(&without);
    canonical::field(signature.header_form, &own.with(without), &mut out);
    let end = out.strip_suffix(b"\r\n").map_or(out.len(), <[u8]>::len);
    out.truncate(end);
    out
}

/// Hash and length of the body in each form, once they were asked for: it may be large, and the signatures several.
#[derive(Default)]
struct Bodies(Vec<(Form, Digest, u64)>);

impl Bodies {
    fn of(&mut self, form: Form, mail: &Mail<'_>) -> (Digest, u64) {
        if let Some((_, hash, length)) = self.0.iter().find(|(known, ..)| *known == form) {
            return (*hash, *length);
        }
        let (mut hash, mut length) = (Context::new(&SHA256), 0_u64);
        canonical::body(form, mail.body, |piece| {
            hash.update(piece);
            length += piece.len() as u64;
        });
        let hash = hash.finish();
        self.0.push((form, hash, length));
        (hash, length)
    }
}

fn body_is_signed((hash, length): (Digest, u64), signature: &Signature) -> Verdict<()> {
    match signature.body_length {
        Some(signed) if signed < length => return Err((Outcome::Neutral, "a part of the body is not signed")),
        Some(signed) if length < signed => return Err((Outcome::Fail, "a part of the body is missing")),
        _ => {}
    }
    if hash.as_ref() == signature.body_hash { Ok(()) } else { Err((Outcome::Fail, "the body was changed")) }
}
