//! Limits that make no sense.

use std::ops::Range;

use toml::Spanned;

use super::error::{ConfigError, Source};
use super::file::File;

type Checked<T> = Result<T, ConfigError>;

/// Refuses them before anything is started with them.
pub(super) fn check(source: &Source<'_>, file: &File) -> Checked<()> {
    let server = &file.server;
    let at_least = |value: Option<(Range<usize>, u64)>, min: u64| match value {
        Some((at, found)) if found < min => {
            Err(source.error(at, format!("{found} is too little"), format!("give at least {min}")))
        }
        _ => Ok(()),
    };
    let whole = |value: &Option<Spanned<usize>>| value.as_ref().map(|v| (v.span(), *v.get_ref() as u64));
    let time = |value: &Option<Spanned<u64>>| value.as_ref().map(|v| (v.span(), *v.get_ref()));
    let number = |value: &Option<Spanned<u32>>| value.as_ref().map(|v| (v.span(), u64::from(*v.get_ref())));
    at_least(whole(&server.connections_max), 1)?;
    at_least(whole(&server.connections_per_ip_max), 1)?;
    at_least(time(&server.head_timeout_ms), 100)?;
    at_least(time(&server.body_timeout_ms), 100)?;
    at_least(whole(&server.body_bytes_max), 1024)?;
    // The HTTP library cannot read with a smaller buffer.
    at_least(whole(&server.head_bytes_max), 8192)?;
    at_least(whole(&server.headers_max), 16)?;
    at_least(number(&server.requests_per_second), 1)?;
    at_least(number(&server.requests_burst), 1)?;
    at_least(number(&server.webhooks_burst), 1)?;
    at_least(number(&file.traces.sample_one_in), 1)?;
    at_least(whole(&file.chat.sockets_max), 1)?;
    at_least(whole(&file.chat.sockets_per_ip_max), 1)?;
    at_least(number(&file.chat.sessions_per_minute), 1)?;
    at_least(number(&file.chat.messages_per_minute), 1)?;
    at_least(number(&file.chat.messages_burst), 1)?;
    at_least(time(&file.chat.ping_ms), 100)?;
    at_least(time(&file.chat.write_timeout_ms), 100)?;
    at_least(number(&file.broker.queue_length_max), 1000)?;
    at_least(time(&file.events.retry_first_ms), 10)?;
    at_least(time(&file.events.retry_longest_ms), 10)?;
    at_least(number(&file.events.attempts_max), 1)?;
    at_least(number(&file.events.keep_days), 1)?;
    at_least(time(&file.workers.heartbeat_ms), 100)?;
    at_least(time(&file.workers.grace_ms), 100)?;
    push_contact(source, file)
}

/// Push services refuse whoever names nobody to turn to.
fn push_contact(source: &Source<'_>, file: &File) -> Checked<()> {
    let Some(contact) = &file.server.push_contact else { return Ok(()) };
    let text = contact.get_ref();
    let is_mail = text.strip_prefix("mailto:").is_some_and(|address| address.contains('@') && !address.contains(' '));
    let is_page = reqwest::Url::parse(text).is_ok_and(|url| url.scheme() == "https");
    if text.is_empty() || is_mail || is_page {
        return Ok(());
    }
    let hint = "give `mailto:` and an address, or a page that begins with https://; empty, nobody is told";
    Err(source.error(contact.span(), format!("`{text}` is nobody to turn to"), hint))
}
