//! Text out of the little HTML that social platforms write: paragraphs, breaks, links.

/// The words of `html`, with line feeds for breaks and paragraphs. Tags are dropped, never followed, so what comes out
/// is text and must be shown as text.
pub(crate) fn text_of(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // Once no tag closes any more, none is looked for: a text of nothing but `<` takes no longer than another.
    let mut closes = true;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('<') { tag(rest, &mut closes, &mut out) } else { entity(rest, &mut out) };
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// A text with its entities decoded, and nothing else done to it.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = entity(&rest[at..], &mut out);
    }
    out.push_str(rest);
    out
}

/// Reads a tag and gives back what follows it; a `<` that begins none is a character.
fn tag<'a>(rest: &'a str, closes: &mut bool, out: &mut String) -> &'a str {
    let name_at = if rest[1..].starts_with('/') { 2 } else { 1 };
    let begins = rest[name_at..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '!');
    let end = if begins && *closes { rest.find('>') } else { None };
    *closes &= !begins || end.is_some();
    let Some(end) = end else {
        out.push('<');
        return &rest[1..];
    };
    let name: String =
        rest[name_at..end].chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match (name_at, name.as_str()) {
        (1, "br") => out.push('\n'),
        (2, "p" | "blockquote" | "ul" | "ol" | "pre") => out.push_str("\n\n"),
        (2, "li" | "div") => out.push('\n'),
        _ => {}
    }
    &rest[end + 1..]
}

/// Reads an entity such as `&amp;` or `&#39;` and gives back what follows it.
fn entity<'a>(rest: &'a str, out: &mut String) -> &'a str {
    // No entity that we know is longer; the search must not run over a whole text for each `&`.
    let found = rest.bytes().take(12).position(|byte| byte == b';').and_then(|end| {
        let name = rest.get(1..end)?;
        Some((decoded(name)?, end))
    });
    match found {
        Some((character, end)) => {
            out.push(character);
            &rest[end + 1..]
        }
        None => {
            out.push('&');
            &rest[1..]
        }
    }
}

fn decoded(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            // PostgreSQL takes no NUL in a text.
            char::from_u32(number).filter(|c| *c != '\0')?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_out_and_tags_do_not() {
        for (html, expected) in [
            ("<p>one</p><p>two<br />three</p>", "one\n\ntwo\nthree"),
            ("<p><span class=\"h-card\"><a href=\"https://x\">@<span>shop</span></a></span> hi</p>", "@shop hi"),
            (
                "<a href=\"https://a.b/cd\"><span class=\"invisible\">https://</span><span>a.b/cd</span></a>",
                "https://a.b/cd",
            ),
            ("a &amp; b &lt;c&gt; &#39;&#x5e9;&quot; &unknown; & &#0;", "a & b <c> 'ש\" &unknown; & &#0;"),
            ("1 < 2, <3, <", "1 < 2, <3, <"),
            ("<script>x</script", "x</script"),
            ("<p dir=\"auto\">שלום</p>", "שלום"),
            ("", ""),
        ] {
            assert_eq!(text_of(html), expected, "{html}");
        }
    }

    #[test]
    fn long_texts_take_no_longer_than_long() {
        assert_eq!(text_of(&"&".repeat(200_000)).len(), 200_000);
        assert_eq!(text_of(&"<a".repeat(400_000)).len(), 800_000);
        assert_eq!(text_of(&"<br>".repeat(100_000)), "");
    }
}
