//! Which language a page speaks, and in which direction it is read.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};

/// The cookie that remembers a choice of language; it says nothing about who chose.
pub(super) const COOKIE_NAME: &str = "blendline_lang";

/// A language that a catalogue speaks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Hebrew.
    He,
    /// Arabic; the chat only.
    Ar,
    /// Russian; the chat only.
    Ru,
}

impl Lang {
    /// Every language of the chat.
    pub const ALL: [Self; 4] = [Self::En, Self::He, Self::Ar, Self::Ru];
    /// The languages in which every page is complete.
    pub const WHOLE: [Self; 2] = [Self::En, Self::He];

    /// The language's code, as `lang` attributes have it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::He => "he",
            Self::Ar => "ar",
            Self::Ru => "ru",
        }
    }

    /// `ltr` or `rtl`.
    pub const fn dir(self) -> &'static str {
        match self {
            Self::En | Self::Ru => "ltr",
            Self::He | Self::Ar => "rtl",
        }
    }

    /// The language's name in itself, for the list to choose from.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::He => "עברית",
            Self::Ar => "العربية",
            Self::Ru => "Русский",
        }
    }

    /// The language of a tag such as `he-IL`; `iw` is what old systems call Hebrew.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let primary = if primary == "iw" { "he" } else { primary.as_str() };
        Self::ALL.into_iter().find(|lang| lang.code() == primary)
    }

    /// Itself where every page speaks it, English otherwise.
    #[must_use]
    pub fn whole(self) -> Self {
        if Self::WHOLE.contains(&self) { self } else { Self::En }
    }
}

/// The language of a request: `?lang=`, then the cookie, then `Accept-Language`, then English.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spoken {
    /// The language.
    pub lang: Lang,
    /// True when this very request asked for it by `?lang=`: then the answer remembers it.
    pub asked: bool,
}

impl Spoken {
    /// Reads it from a request.
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        if let Some(lang) = asked_for(uri) {
            return Self { lang, asked: true };
        }
        let lang = remembered(headers).or_else(|| accepted(headers)).unwrap_or_default();
        Self { lang, asked: false }
    }

    /// The same, in a language that every page speaks.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { lang: self.lang.whole(), ..self }
    }
}

impl<S: Sync> FromRequestParts<S> for Spoken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

fn asked_for(uri: &Uri) -> Option<Lang> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "lang").and_then(|(_, value)| Lang::from_tag(value))
}

fn remembered(headers: &HeaderMap) -> Option<Lang> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).and_then(|(_, value)| Lang::from_tag(value))
}

/// The best of `Accept-Language` that we speak; equal weights keep their order.
fn accepted(headers: &HeaderMap) -> Option<Lang> {
    let text = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Lang)> = None;
    for item in text.split(',').take(32) {
        let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).unwrap_or(0.0);
        let Some(lang) = Lang::from_tag(tag) else { continue };
        if 0.0 < weight && best.is_none_or(|(other, _)| other < weight) {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(uri: &'static str, pairs: &[(axum::http::HeaderName, &str)]) -> Lang {
        let headers = pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        Spoken::of(&Uri::from_static(uri), &headers).lang
    }

    #[test]
    fn the_query_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        let cookie = (COOKIE, "a=b; blendline_lang=en");
        let browser = (ACCEPT_LANGUAGE, "fr, he-IL;q=0.8, en;q=0.5");
        assert_eq!(spoken("/desk?x=1&lang=he", &[cookie.clone(), browser.clone()]), Lang::He);
        assert_eq!(spoken("/desk", &[cookie, browser.clone()]), Lang::En);
        assert_eq!(spoken("/desk", &[browser]), Lang::He);
    }

    #[test]
    fn an_unknown_or_refused_language_is_passed_over() {
        assert_eq!(spoken("/desk?lang=xx", &[(ACCEPT_LANGUAGE, "iw")]), Lang::He);
        assert_eq!(spoken("/desk", &[(ACCEPT_LANGUAGE, "he;q=0, de")]), Lang::En);
        assert_eq!(Lang::Ru.whole(), Lang::En);
    }
}
