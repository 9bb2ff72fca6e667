//! The lines that a client says (RFC 5321, 4.1).

/// The longest path with its angle brackets (RFC 5321, 4.5.3.1.3).
const PATH_BYTES_MAX: usize = 256;

/// One command, as far as it can be understood without knowing what came before.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Command<'a> {
    /// EHLO, or HELO where `extended` is false.
    Hello {
        name: &'a str,
        extended: bool,
    },
    /// MAIL FROM; the address is empty for reports.
    From {
        address: &'a str,
        size: u64,
        is_utf8: bool,
    },
    /// RCPT TO.
    To {
        address: &'a str,
    },
    Data,
    Reset,
    Nothing,
    Verify,
    StartTls,
    Quit,
    /// What RFC 5321 or an extension knows and we do not do.
    NotDone,
    /// What no mail client says, or what is followed by bytes that are no command (BDAT of RFC 3030): the talk ends.
    Foreign,
    /// Not understood, with what to say about it.
    Wrong(&'static str),
}

const UNKNOWN: Command<'static> = Command::Wrong("500 5.5.2 This command is not known");
const BAD_PATH: Command<'static> = Command::Wrong("501 5.1.7 Expected an address between angle brackets");
const BAD_PARAMETER: Command<'static> = Command::Wrong("555 5.5.4 This parameter is not known");

/// The command of a line without its end.
pub(super) fn parse(line: &[u8]) -> Command<'_> {
    let Ok(line) = std::str::from_utf8(line) else {
        return Command::Wrong("500 5.5.2 Expected UTF-8");
    };
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Command::Wrong("500 5.5.2 Control characters have no place in a command");
    }
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    let verb = verb.trim_end().to_ascii_uppercase();
    match verb.as_str() {
        "EHLO" | "HELO" if rest.is_empty() => Command::Wrong("501 5.5.4 Expected your name"),
        "EHLO" => Command::Hello { name: rest, extended: true },
        "HELO" => Command::Hello { name: rest, extended: false },
        "MAIL" => from(rest),
        "RCPT" => to(rest),
        "DATA" | "RSET" | "STARTTLS" | "QUIT" if !rest.is_empty() => {
            Command::Wrong("501 5.5.4 This command takes no parameter")
        }
        "DATA" => Command::Data,
        "RSET" => Command::Reset,
        "NOOP" => Command::Nothing,
        "VRFY" => Command::Verify,
        "STARTTLS" => Command::StartTls,
        "QUIT" => Command::Quit,
        "AUTH" | "EXPN" | "HELP" | "TURN" | "ETRN" | "SEND" | "SOML" | "SAML" => Command::NotDone,
        "BDAT" | "GET" | "POST" | "PUT" | "HEAD" | "OPTIONS" | "CONNECT" | "HOST:" => Command::Foreign,
        _ => UNKNOWN,
    }
}

fn from(rest: &str) -> Command<'_> {
    let Some((address, parameters)) = after_word(rest, "FROM:").and_then(path) else { return BAD_PATH };
    let (mut size, mut is_utf8) = (0, false);
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            // Twenty digits at most (RFC 1870): what does not fit is too large in any case.
            "SIZE" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                size = value.parse().unwrap_or(u64::MAX);
            }
            "BODY" if ["7BIT", "8BITMIME"].iter().any(|known| value.eq_ignore_ascii_case(known)) => {}
            "SMTPUTF8" if value.is_empty() => is_utf8 = true,
            _ => return BAD_PARAMETER,
        }
    }
    Command::From { address, size, is_utf8 }
}

fn to(rest: &str) -> Command<'_> {
    match after_word(rest, "TO:").and_then(path) {
        Some(("", _)) | None => BAD_PATH,
        Some((_, parameters)) if !parameters.is_empty() => BAD_PARAMETER,
        Some((address, _)) => Command::To { address },
    }
}

fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

/// What is between the angle brackets, without a route, and what follows them.
fn path(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let mut is_quoted = false;
    let mut is_escaped = false;
    let end = inner.bytes().position(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'>' => return !is_quoted,
            _ => {}
        }
        false
    })?;
    let (address, rest) = (&inner[..end], &inner[end + 1..]);
    let is_apart = rest.is_empty() || rest.starts_with(' ');
    // RFC 5321, 4.1.1.3: a route is to be taken and left out.
    let address = match address.strip_prefix('@') {
        Some(routed) => routed.split_once(':')?.1,
        None => address,
    };
    let is_spaced = !address.starts_with('"') && address.contains([' ', '\t', '<']);
    (is_apart && !is_spaced && end <= PATH_BYTES_MAX).then(|| (address, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_understood() {
        for (line, expected) in [
            ("EHLO mail.example.org", Command::Hello { name: "mail.example.org", extended: true }),
            ("helo [192.0.2.1]", Command::Hello { name: "[192.0.2.1]", extended: false }),
            ("MAIL FROM:<>", Command::From { address: "", size: 0, is_utf8: false }),
            (
                "mail from: <a@b.example> size=12 body=8bitmime smtputf8",
                Command::From { address: "a@b.example", size: 12, is_utf8: true },
            ),
            (
                "MAIL FROM:<a@b.example> SIZE=99999999999999999999999",
                Command::From { address: "a@b.example", size: u64::MAX, is_utf8: false },
            ),
            ("RCPT TO:<@relay.example,@x.example:a@b.example>", Command::To { address: "a@b.example" }),
            (r#"RCPT TO:<"a> \" b"@c.example>"#, Command::To { address: r#""a> \" b"@c.example"# }),
            ("RCPT TO:<דנה@example.org>", Command::To { address: "דנה@example.org" }),
            ("DATA", Command::Data),
            ("data ", Command::Data),
            ("NOOP anything", Command::Nothing),
            ("QUIT", Command::Quit),
            ("AUTH PLAIN AAA=", Command::NotDone),
            ("BDAT 7 LAST", Command::Foreign),
            ("GET / HTTP/1.1", Command::Foreign),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for (line, code) in [
            (&b""[..], "500"),
            (b"X", "500"),
            (b"EHLO", "501"),
            (b"MAIL", "501"),
            (b"MAIL FROM:a@b.example", "501"),
            (b"MAIL FROM:<a@b.example", "501"),
            (b"MAIL FROM:<a b@c.example>", "501"),
            (b"MAIL FROM:<a@b.example>SIZE=1", "501"),
            (b"MAIL FROM:<a@b.example> SIZE=x", "555"),
            (b"MAIL FROM:<a@b.example> AUTH=<>", "555"),
            (b"RCPT TO:<>", "501"),
            (b"RCPT TO:<a@b.example> NOTIFY=NEVER", "555"),
            (b"DATA 1", "501"),
            (b"NOOP \0", "500"),
            (b"EHLO \xff", "500"),
        ] {
            let Command::Wrong(reply) = parse(line) else { panic!("{:?}", parse(line)) };
            assert!(reply.starts_with(code), "{line:?}: {reply}");
        }
        let long = format!("RCPT TO:<{}@example.org>", "a".repeat(300));
        assert!(matches!(parse(long.as_bytes()), Command::Wrong(_)));
    }
}
