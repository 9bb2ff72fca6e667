//! Where traces go.

use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Source};
use super::file::section;

section! {
    /// Where traces go, as it is written.
    TracesSection as TracesFile {
        /// Empty: nowhere.
        url: String,
        /// Of how many traces that begin here one is recorded.
        sample_one_in: u32,
    }
}

/// Where traces go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Traces {
    /// Where a collector takes OTLP over HTTP; none where nothing is recorded.
    pub url: Option<Url>,
    /// Of how many traces that begin here one is recorded.
    pub sample_one_in: u32,
}

pub(super) fn check(source: &Source<'_>, written: &TracesFile, section: TracesSection) -> Result<Traces, ConfigError> {
    let url = match section.url.as_str() {
        "" => None,
        text => {
            let parsed = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            let no_url = || {
                let at = written.url.as_ref().map_or(0..0, Spanned::span);
                let hint = "give the whole address, such as http://127.0.0.1:4318/v1/traces";
                source.error(at, "traces cannot be posted there", hint)
            };
            Some(parsed.ok_or_else(no_url)?)
        }
    };
    Ok(Traces { url, sample_one_in: section.sample_one_in })
}
