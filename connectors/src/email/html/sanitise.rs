//! HTML that may be shown: everything in it is written anew from a list of what is allowed.
//!
//! Nothing is copied but text and the values of a few attributes, both escaped. There are no raw texts, comments, styles
//! or foreign elements in the output, so a browser reads in it the very tags that were written, whatever came in.

use super::tokens::{Token, Tokens, attribute};

/// Elements that are kept; the content of others stays, unless it is hidden.
#[rustfmt::skip]
const ALLOWED: &[&str] = &[
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
];
/// Elements without content.
const VOID: &[&str] = &["br", "hr", "img", "col"];
/// Attributes with plain values that are kept on any element.
const PLAIN: &[&str] = &["title", "alt", "lang"];
/// Attributes with a number.
const NUMBERS: &[&str] = &["colspan", "rowspan", "width", "height", "start"];
/// Where a link may lead.
const SCHEMES: &[&str] = &["https://", "http://", "mailto:", "tel:"];
/// Elements within elements; deeper ones are dropped, their text stays.
const DEPTH_MAX: usize = 100;

/// The HTML without anything that acts, loads or hides. Pictures of the mail itself keep their `cid:`, others lose their
/// source, for a picture that is fetched tells its sender who reads.
pub(crate) fn sanitise(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<String> = Vec::new();
    let mut hidden: Option<(String, usize)> = None;
    for token in Tokens::new(html) {
        if let Some((name, count)) = &mut hidden {
            match &token {
                Token::Open(opened, _) if *opened == **name => *count += 1,
                Token::Close(closed) if *closed == **name => *count -= 1,
                Token::Open(opened, _) if opened == "body" => *count = 0,
                _ => {}
            }
            if *count == 0 {
                hidden = None;
            }
            continue;
        }
        match token {
            Token::Text(text) => push_escaped(&mut out, &super::entities::decode(text)),
            Token::Open(name, _) if super::HIDDEN.contains(&&*name) => hidden = Some((name.into_owned(), 1)),
            Token::Open(name, attributes) if ALLOWED.contains(&&*name) && open.len() < DEPTH_MAX => {
                push_tag(&mut out, &name, attributes);
                if !VOID.contains(&&*name) {
                    open.push(name.into_owned());
                }
            }
            Token::Open(..) => {}
            Token::Close(name) => {
                if let Some(at) = open.iter().rposition(|one| **one == *name) {
                    close(&mut out, open.drain(at..));
                }
            }
        }
    }
    close(&mut out, open.drain(..));
    out
}

fn close(out: &mut String, names: impl DoubleEndedIterator<Item = String>) {
    for name in names.rev() {
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
    }
}

fn push_tag(out: &mut String, name: &str, attributes: &str) {
    out.push('<');
    out.push_str(name);
    for key in PLAIN {
        push_attribute(out, key, attribute(attributes, key));
    }
    for key in NUMBERS {
        let number = attribute(attributes, key)
            .filter(|value| value.len() <= 5 && value.bytes().all(|byte| byte.is_ascii_digit()));
        push_attribute(out, key, number);
    }
    let direction = attribute(attributes, "dir").map(|value| value.to_ascii_lowercase());
    push_attribute(out, "dir", direction.filter(|value| matches!(value.as_str(), "rtl" | "ltr" | "auto")));
    match name {
        "a" => {
            let target =
                attribute(attributes, "href").map(|target| address(&target)).filter(|target| leads_somewhere(target));
            if target.is_some() {
                out.push_str(" rel=\"noopener noreferrer nofollow\" target=\"_blank\"");
            }
            push_attribute(out, "href", target);
        }
        "img" => {
            let source = attribute(attributes, "src").map(|source| address(&source));
            push_attribute(out, "src", source.filter(|source| source.to_ascii_lowercase().starts_with("cid:")));
        }
        _ => {}
    }
    out.push('>');
}

/// Browsers read addresses without white space and control characters.
fn address(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

fn leads_somewhere(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| lower.starts_with(scheme))
}

fn push_attribute(out: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        push_escaped(out, &value);
        out.push('"');
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\0' => {}
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_stays() {
        for (html, expected) in [
            ("<p dir=RTL>a &amp; <b>b</b></p>", "<p dir=\"rtl\">a &amp; <b>b</b></p>"),
            ("<img src=\"cid:x@y\" alt='<i>'>", "<img alt=\"&lt;i&gt;\" src=\"cid:x@y\">"),
            ("<td colspan=2 width='9;x'>a", "<td colspan=\"2\">a</td>"),
            ("<font color=red>a</font><o:p>b</o:p>", "ab"),
            ("<div><p>a</div>b", "<div><p>a</p></div>b"),
        ] {
            assert_eq!(sanitise(html), expected, "{html}");
        }
        let link = sanitise("<a href='https://example.org/?a=1&amp;b=\"2'>x</a>");
        assert!(link.ends_with(" href=\"https://example.org/?a=1&amp;b=&quot;2\">x</a>"), "{link}");
    }

    #[test]
    fn what_acts_loads_or_hides_goes() {
        for html in [
            "<script>alert(1)</script>",
            "<scr<script>ipt>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src=\"https://example.org/pixel.gif\">",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"java\nscript:alert(1)\">x</a>",
            "<a href=\"&#106;avascript:alert(1)\">x</a>",
            "<a href=\" data:text/html,x\">x</a>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<style>@import 'x';</style><p style=\"background:url(https://x)\">a</p>",
            "<iframe src=\"https://x\"></iframe><object data=x></object><embed src=x><form action=x><input>",
            "<base href=\"https://x\"><meta http-equiv=refresh content=\"0;url=x\"><link rel=stylesheet href=x>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<textarea></textarea><title></title><xmp><script>1</script></xmp>",
            "<p title='\"><script>alert(1)</script>'>x</p>",
            "<!--><script>alert(1)</script-->",
        ] {
            let clean = sanitise(html);
            // Outside attribute values, which are quoted and escaped, only listed tags are left.
            for tag in clean.split('<').skip(1) {
                let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap();
                assert!(ALLOWED.contains(&name), "{html} -> {clean}");
                let keys = tag.split('>').next().unwrap().split('"').step_by(2).collect::<String>();
                for bad in ["onerror", "style", "action"] {
                    assert!(!keys.contains(bad), "{html} -> {clean}");
                }
            }
            for bad in ["href=\"java", "href=\"data", "src=\"http", "src=\"x"] {
                assert!(!clean.to_lowercase().contains(bad), "{html} -> {clean}");
            }
        }
    }

    #[test]
    fn a_second_time_changes_nothing() {
        for html in ["<p>a<b>b", "x &lt; y", "<a href=https://x.example>z</a>", "<img alt=a src=cid:q>"] {
            let once = sanitise(html);
            assert_eq!(sanitise(&once), once);
        }
    }
}
