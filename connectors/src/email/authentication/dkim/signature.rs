//! The field `DKIM-Signature` (RFC 6376, 3.5).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::fields::Field;
use super::super::name;
use super::super::tags::{Tags, pieces};
use super::canonical::Form;

/// Names in `h=`; nobody signs as many fields.
const SIGNED_MAX: usize = 300;

/// What is left out where it is unknown: padding. Bits that say nothing must be zero, for there is one spelling of a value.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes behind a tag's value.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// By which means it is signed. SHA-1 is none of them any more (RFC 8301).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Algorithm {
    RsaSha256,
    Ed25519Sha256,
}

impl Algorithm {
    fn read(text: Option<&str>) -> Result<Self, Odd> {
        match text {
            Some("rsa-sha256") => Ok(Self::RsaSha256),
            Some("ed25519-sha256") => Ok(Self::Ed25519Sha256),
            Some("rsa-sha1") => Err(Odd::Unusable("SHA-1")),
            Some(_) => Err(Odd::Unusable("unknown algorithm")),
            None => Err(Odd::Malformed("no algorithm")),
        }
    }
}

/// A signature as it is written.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) algorithm: Algorithm,
    pub(super) header_form: Form,
    pub(super) body_form: Form,
    /// Whose it is.
    pub(super) domain: String,
    /// For whom there he signs: the domain of `i=`.
    pub(super) agent: String,
    pub(super) selector: String,
    /// The fields that are signed, in small letters.
    pub(super) signed: Vec<String>,
    pub(super) value: Vec<u8>,
    pub(super) body_hash: Vec<u8>,
    /// How much of the body is signed; none: all of it.
    pub(super) body_length: Option<u64>,
    /// From when on it does not count any more; seconds of Unix.
    pub(super) expires_at: Option<u64>,
}

/// Why a signature is not looked at any further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Odd {
    /// It is not written as it must be.
    Malformed(&'static str),
    /// It is, and we do not rely on it.
    Unusable(&'static str),
}

impl Signature {
    /// Reads the field.
    pub(super) fn read(field: &Field<'_>) -> Result<Self, Odd> {
        let text = std::str::from_utf8(field.value()).map_err(|_| Odd::Malformed("no UTF-8"))?;
        let tags = Tags::read(text).ok_or(Odd::Malformed("no list of tags"))?;
        if tags.get("v") != Some("1") {
            return Err(Odd::Malformed("unknown version"));
        }
        let text = |name: &'static str, missing| tags.squeezed(name).filter(|v| !v.is_empty()).ok_or(missing);
        let domain = name::ascii(&text("d", Odd::Malformed("no domain"))?).ok_or(Odd::Malformed("no domain"))?;
        let selector = text("s", Odd::Malformed("no selector"))?.to_ascii_lowercase();
        let value = bytes(&text("b", Odd::Malformed("no signature"))?).ok_or(Odd::Malformed("no base64"))?;
        let body_hash = bytes(&text("bh", Odd::Malformed("no body hash"))?).ok_or(Odd::Malformed("no base64"))?;
        let signed: Vec<String> = pieces(tags.get("h").unwrap_or_default()).map(str::to_ascii_lowercase).collect();
        if SIGNED_MAX < signed.len() || !signed.iter().any(|name| name == "from") {
            return Err(Odd::Malformed("From is not signed"));
        }
        let (header_form, body_form) = forms(tags.squeezed("c").as_deref())?;
        let agent = match tags.squeezed("i") {
            None => domain.clone(),
            Some(agent) => {
                let agent = agent.rsplit_once('@').and_then(|(_, agent)| name::ascii(agent));
                agent.filter(|agent| name::is_within(agent, &domain)).ok_or(Odd::Malformed("a foreign agent"))?
            }
        };
        let (signed_at, expires_at) = (number(&tags, "t")?, number(&tags, "x")?);
        if expires_at.is_some_and(|expires| signed_at.is_some_and(|signed| expires < signed)) {
            return Err(Odd::Malformed("it expired before it began"));
        }
        if tags.get("q").is_some_and(|methods| !pieces(methods).any(|method| method == "dns/txt")) {
            return Err(Odd::Unusable("its key is not in the DNS"));
        }
        let body_length = number(&tags, "l")?;
        let algorithm = Algorithm::read(tags.squeezed("a").as_deref())?;
        Ok(Self {
            algorithm,
            header_form,
            body_form,
            domain,
            agent,
            selector,
            signed,
            value,
            body_hash,
            body_length,
            expires_at,
        })
    }

    /// Where its key is.
    pub(super) fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// Domain and selector of a field that may be odd, to say whose it was.
    pub(super) fn named(field: &Field<'_>) -> (String, String) {
        let text = String::from_utf8_lossy(field.value());
        let tags = Tags::read(&text);
        let tag = |name| tags.as_ref().and_then(|tags| tags.squeezed(name)).unwrap_or_default().to_ascii_lowercase();
        (name::ascii(&tag("d")).unwrap_or_default(), Some(tag("s")).filter(|s| s.len() <= 63).unwrap_or_default())
    }
}

fn forms(text: Option<&str>) -> Result<(Form, Form), Odd> {
    let form = |text| match text {
        "simple" => Ok(Form::Simple),
        "relaxed" => Ok(Form::Relaxed),
        _ => Err(Odd::Malformed("unknown canonical form")),
    };
    let (header, body) = text.map_or(("simple", "simple"), |text| text.split_once('/').unwrap_or((text, "simple")));
    Ok((form(header)?, form(body)?))
}

/// A number of up to 76 digits (3.5); what is beyond all numbers of ours is the largest.
fn number(tags: &Tags<'_>, name: &str) -> Result<Option<u64>, Odd> {
    let Some(text) = tags.squeezed(name) else { return Ok(None) };
    if text.is_empty() || 76 < text.len() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Odd::Malformed("no number"));
    }
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}
