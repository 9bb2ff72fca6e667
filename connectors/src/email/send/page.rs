//! The HTML twin of a text: the same words, in the direction they are read in.

use std::fmt::Write as _;

/// `rtl` where the first letter that has a direction is written from right to left, else `ltr`.
///
/// The rule of `dir="auto"` in HTML and of P2 and P3 in UAX 9, without their look at isolates: mail programs rewrite `auto`,
/// so the answer is given here.
pub(super) fn direction(text: &str) -> &'static str {
    let strong = text.chars().find_map(|c| match c {
        '\u{200e}' => Some(false),
        '\u{200f}' | '\u{61c}' => Some(true),
        c if c.is_alphabetic() => Some(is_right_to_left(c)),
        _ => None,
    });
    if strong == Some(true) { "rtl" } else { "ltr" }
}

/// The blocks of Hebrew, Arabic, Syriac, Thaana, N'Ko and their like, and of their presentation forms.
const fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// A whole page that shows `text`: nothing in it acts, loads from elsewhere or is taken for markup.
pub(super) fn page(text: &str) -> String {
    let direction = direction(text);
    let align = if direction == "rtl" { "right" } else { "left" };
    let mut page = format!(
        "<!DOCTYPE html>\n<html dir=\"{direction}\">\n<head><meta charset=\"utf-8\"></head>\n\
         <body dir=\"{direction}\" style=\"text-align: {align}\">\n"
    );
    for paragraph in text.split("\n\n").map(|one| one.trim_matches('\n')).filter(|one| !one.is_empty()) {
        page.push_str("<p>");
        for (index, line) in paragraph.lines().enumerate() {
            if 0 < index {
                page.push_str("<br>\n");
            }
            escape(&mut page, line);
        }
        page.push_str("</p>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn escape(page: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            c => drop(page.write_char(c)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_strong_letter_decides() {
        for (text, expected) in [
            ("שלום dana", "rtl"),
            ("1) שלום", "rtl"),
            ("«مرحبا»", "rtl"),
            ("Dana שלום", "ltr"),
            ("Привет, שלום", "ltr"),
            ("12:30!", "ltr"),
            ("", "ltr"),
            ("\u{200f}12 dana", "rtl"),
        ] {
            assert_eq!(direction(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_never_markup() {
        let page = page("שלום <script>alert('1')</script>\nb & c\n\n\"d\"");
        assert!(page.contains("<html dir=\"rtl\">") && page.contains("<body dir=\"rtl\""), "{page}");
        assert!(page.contains("<p>שלום &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;<br>\nb &amp; c</p>"), "{page}");
        assert!(page.contains("<p>&quot;d&quot;</p>"), "{page}");
    }
}
