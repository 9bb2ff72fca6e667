//! Reading JSON that others wrote: as far as it can be read, and never with a panic.

use blendline_wire::Millis;
use blendline_wire::time::Instant;
use serde_json::Value;

use crate::Malformed;

/// The last second of the year 9999, which is the last that RFC 3339 can write.
const SECONDS_MAX: u64 = 253_402_300_799;
/// A number above this is milliseconds: as seconds it would lie beyond the year 5138.
const SECONDS_PLAUSIBLE_MAX: u64 = 100_000_000_000;

/// Parses a body.
///
/// Platforms cut names and texts at a length in UTF-16, which leaves half a surrogate pair; one such character must not
/// cost a whole batch, so a body that does not parse is tried once more with those and invalid UTF-8 replaced by U+FFFD.
/// Nesting is bounded by `serde_json` (128).
pub(crate) fn parse(body: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice(body).or_else(|error| serde_json::from_str(&repaired(body)).map_err(|_| error)).map_err(
        |error| {
            let text = error.to_string();
            let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(detail, _)| detail);
            Malformed {
                place: format!("line {} column {}", error.line(), error.column()),
                detail: format!("not JSON: {detail}"),
            }
        },
    )
}

/// The text with byte order mark, invalid UTF-8 and lone surrogate escapes taken care of.
fn repaired(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut out = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(_), _) => {
                out.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            // The backslash and what it escapes, whose first byte alone may be no whole character.
            (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// The surrogate that `text` begins with as an escape such as `\ud83d`.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..=0xdfff).contains(unit))
}

/// An id or a text: a string that is not empty, or a number (some senders write ids so).
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, also where it is written as text.
pub(crate) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An instant in Unix seconds (or, where the number is too large for those, milliseconds), as number or text.
pub(crate) fn unix_time(value: &Value) -> Option<Instant> {
    let count = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let millis = if count <= SECONDS_PLAUSIBLE_MAX { count * 1000 } else { count };
    (millis / 1000 <= SECONDS_MAX).then_some(Instant(Millis(millis)))
}

/// An instant in any notation that platforms use: Unix time, RFC 3339 (also with an offset without colon or with a blank
/// between day and time, then taken for UTC), RFC 2822, day and time without signs, or X's `Wed Oct 10 20:19:24 +0000 2018`.
pub(crate) fn time(value: &Value) -> Option<Instant> {
    let text = value.as_str().map(str::trim);
    // Read as a count of milliseconds, day and time without signs would lie centuries ahead.
    text.and_then(compact_time).or_else(|| unix_time(value)).or_else(|| text.and_then(time_of_text))
}

/// `20231011171701`, taken for UTC.
fn compact_time(text: &str) -> Option<Instant> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    u64::try_from(at.as_millisecond()).ok().map(|millis| Instant(Millis(millis)))
}

fn time_of_text(text: &str) -> Option<Instant> {
    // Every known notation is shorter; a long text is not worth five parsers.
    let text = Some(text).filter(|text| text.len() <= 40)?;
    let at = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| jiff::Timestamp::strptime("%a %b %d %H:%M:%S %z %Y", text).ok())
        .or_else(|| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok())
        .or_else(|| {
            text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
        })?;
    let millis = u64::try_from(at.as_millisecond()).ok()?;
    (millis / 1000 <= SECONDS_MAX).then_some(Instant(Millis(millis)))
}

/// The items of a list; none where it is no list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn half_a_surrogate_pair_costs_one_character() {
        for (body, expected) in [
            (&br#"{"a":"x\ud83d"}"#[..], "x\u{fffd}"),
            (br#"{"a":"\ude00x"}"#, "\u{fffd}x"),
            (br#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}"),
            (br#"{"a":"\\ud83d\ud83d"}"#, "\\ud83d\u{fffd}"),
            (b"{\"a\":\"\xff\"}", "\u{fffd}"),
            (b"\xef\xbb\xbf{\"a\":\"x\"}", "x"),
        ] {
            assert_eq!(parse(body).unwrap()["a"], expected);
        }
    }

    #[test]
    fn what_is_no_json_is_named_by_its_place() {
        let error = parse(b"{\n  \"object\": }").unwrap_err();
        assert_eq!(error.to_string(), "line 2 column 13: not JSON: expected value");
        assert!(parse(b"").is_err());
        assert!(parse("\\\u{20ac}\\".as_bytes()).is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn instants_of_every_notation() {
        let at = Some(Instant(Millis(1_697_044_621_000)));
        assert_eq!(unix_time(&json!("1697044621")), at);
        assert_eq!(unix_time(&json!(1_697_044_621)), at);
        assert_eq!(unix_time(&json!(1_697_044_621_000_u64)), at);
        for odd in [json!(null), json!(""), json!("soon"), json!(-5), json!(u64::MAX), json!([]), json!(1.5)] {
            assert_eq!(unix_time(&odd), None, "{odd}");
        }
    }

    #[test]
    fn instants_written_as_words() {
        for text in [
            "2023-10-11T17:17:01Z",
            "2023-10-11T20:17:01+0300",
            "2023-10-11 17:17:01",
            "2023-10-11T17:17:01",
            "Wed Oct 11 17:17:01 +0000 2023",
            "Wed, 11 Oct 2023 17:17:01 +0000",
            "20231011171701",
        ] {
            assert_eq!(time(&json!(text)), Some(Instant(Millis(1_697_044_621_000))), "{text}");
        }
        for odd in ["", "tomorrow", "1969-12-31T23:59:59Z", "-009999-01-01T00:00:00Z", "2023-02-30T00:00:00Z"] {
            assert_eq!(time(&json!(odd)), None, "{odd}");
        }
        assert_eq!(time(&json!("1".repeat(100))), None);
        assert_eq!(time(&json!("16970446210000")), unix_time(&json!(16_970_446_210_000_u64)));
    }

    #[test]
    fn ids_of_every_notation() {
        assert_eq!(text(&json!("x")), Some("x".into()));
        assert_eq!(text(&json!(5)), Some("5".into()));
        assert_eq!(text(&json!("")), None);
        assert_eq!(text(&json!({})), None);
        assert_eq!(number(&json!("131026")), Some(131_026));
        assert_eq!(number(&json!(131_026)), Some(131_026));
    }
}
