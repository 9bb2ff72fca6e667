//! The little XML that gateways post: elements with text in them, of which each name and text is a field.

use crate::html;

/// No gateway writes more; what comes after is not read.
const FIELDS_MAX: usize = 200;
/// Nor are more tags looked at, for each may be followed to the end of the body.
const TAGS_MAX: usize = 1000;

/// Names and texts of the elements that hold nothing but text, in order. Declarations, attributes and everything else are
/// passed over, entities beyond the usual are left as they stand, and nothing is ever fetched.
pub(super) fn fields(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    for _ in 0..TAGS_MAX {
        let Some((_, after)) = rest.split_once('<') else { break };
        let Some((tag, content)) = after.split_once('>') else { break };
        rest = content;
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        if !name.starts_with(|c: char| c.is_alphabetic()) || tag.ends_with('/') {
            continue;
        }
        let (value, after) = match content.strip_prefix("<![CDATA[").and_then(|data| data.split_once("]]>")) {
            Some((data, after)) => (data.to_owned(), after),
            None => {
                let end = content.find('<').unwrap_or(content.len());
                (html::text_of(&content[..end]), &content[end..])
            }
        };
        if after.trim_start().strip_prefix("</").is_some_and(|close| close.starts_with(name))
            && !value.trim().is_empty()
        {
            found.push((name.to_owned(), value));
            rest = after;
            if found.len() == FIELDS_MAX {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_with_text_are_fields() {
        let text = "<?xml version='1.0'?><sms id=\"7\"><from> 0501234567</from><text><![CDATA[a < b]]></text>\
                    <to/><msg>x &amp; ש</msg></sms>";
        let expected = [("from", "0501234567"), ("text", "a < b"), ("msg", "x & ש")];
        let found = fields(text);
        assert_eq!(found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), expected);
        for odd in ["", "<", "<>", "<a>", "<a><![CDATA[", "<a>x</b>", "</a>", "< a>x</ a>"] {
            assert!(fields(odd).is_empty(), "{odd}");
        }
        assert_eq!(fields(&"<a>x</a>".repeat(5000)).len(), FIELDS_MAX);
    }
}
