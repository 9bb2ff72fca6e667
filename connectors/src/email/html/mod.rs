//! HTML mail as text, with and without what it quotes.
//!
//! One pass over the tags, in the way browsers' tokenizers go; nothing is built, so nesting costs nothing.

mod entities;
mod sanitise;
mod tokens;

pub(super) use sanitise::sanitise;
use tokens::{Token, Tokens, raw_attribute};

/// Elements whose content nobody reads.
#[rustfmt::skip]
const HIDDEN: &[&str] = &["script", "style", "title", "template", "svg", "math", "iframe"];
/// Elements that begin on a line of their own.
#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
];
/// Elements with an empty line around them.
#[rustfmt::skip]
const PARAGRAPHS: &[&str] = &["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "pre"];
/// Marks of mail programs on the element that holds the quoted mail, in classes and ids.
#[rustfmt::skip]
const QUOTES: &[&str] = &[
    "gmail_quote", "gmail_quote_container", "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "moz-email-headers-table",
    "protonmail_quote", "tutanota_quote", "zmail_extra", "appleoriginalcontents", "outlookmessageheader",
    "mimecast-quote", "x_gmail_quote", "original-message",
];
/// Marks on an element after which everything is quoted, for it holds the quoted mail's fields only.
#[rustfmt::skip]
const REST_IS_QUOTED: &[&str] = &["divrplyfwdmsg", "appendonsend", "x_divrplyfwdmsg", "x_appendonsend", "stopspelling", "mail-editor-reference-message-container"];
/// More of them within each other are not counted.
const HIDDEN_DEPTH_MAX: usize = 32;
/// Quotes deeper than this look alike.
const QUOTE_DEPTH_MAX: usize = 8;

/// The text of an HTML body.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct HtmlText {
    /// All of it, quotes marked with `>`.
    pub(super) whole: String,
    /// Without the elements that mail programs mark as quoted.
    pub(super) unquoted: String,
}

/// Reads an HTML body as text.
pub(super) fn to_text(html: &str) -> HtmlText {
    let mut reader = Reader::default();
    for token in Tokens::new(html) {
        reader.take(&token);
    }
    let whole = reader.whole.finish();
    HtmlText { unquoted: reader.unquoted.map_or_else(|| whole.clone(), Lines::finish), whole }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    whole: Lines,
    /// The same until something is quoted, so it is kept apart only from there on.
    unquoted: Option<Lines>,
    /// Open elements whose content nobody reads.
    hidden: Vec<String>,
    pre: usize,
    /// Open `blockquote` elements.
    depth: usize,
    /// The element that holds the quoted mail, and how many of its name are open within.
    quote: Option<(String, usize)>,
    rest_is_quoted: bool,
}

impl Reader {
    fn take(&mut self, token: &Token<'_>) {
        match token {
            Token::Text(text) if self.hidden.is_empty() => self.text(text),
            Token::Text(_) => {}
            Token::Open(name, attributes) => self.open(name, attributes),
            Token::Close(name) => self.close(name),
        }
    }

    fn text(&mut self, text: &str) {
        let text = entities::decode(text);
        let verbatim = 0 < self.pre;
        self.each(|lines| lines.words(&text, verbatim));
    }

    const fn in_quote(&self) -> bool {
        self.quote.is_some() || self.rest_is_quoted
    }

    fn open(&mut self, name: &str, attributes: &str) {
        if HIDDEN.contains(&name) && self.hidden.len() < HIDDEN_DEPTH_MAX {
            self.hidden.push(name.to_owned());
        }
        if name == "body" {
            // What was never closed before ends here.
            self.hidden.clear();
        }
        if !self.hidden.is_empty() {
            return;
        }
        match &mut self.quote {
            Some((quote, count)) => *count += usize::from(quote == name),
            None if self.rest_is_quoted => {}
            None => self.look_for_quote(name, attributes),
        }
        self.pre += usize::from(name == "pre");
        self.break_line(name);
        if name == "blockquote" {
            self.depth = (self.depth + 1).min(QUOTE_DEPTH_MAX);
            self.set_depth();
        }
        match name {
            "br" => self.each(|lines| lines.line_break()),
            "li" => self.each(|lines| lines.words("- ", true)),
            "td" | "th" => self.each(|lines| lines.words(" ", false)),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if let Some(at) = self.hidden.iter().rposition(|open| open == name) {
            self.hidden.truncate(at);
            return;
        }
        if !self.hidden.is_empty() {
            return;
        }
        if name == "pre" {
            self.pre = self.pre.saturating_sub(1);
        }
        if name == "blockquote" {
            self.depth = self.depth.saturating_sub(1);
        }
        self.break_line(name);
        self.set_depth();
        if let Some((quote, count)) = &mut self.quote
            && quote == name
        {
            *count -= 1;
            if *count == 0 {
                self.quote = None;
            }
        }
    }

    fn break_line(&mut self, name: &str) {
        if PARAGRAPHS.contains(&name) {
            self.each(|lines| lines.begin(2));
        } else if BLOCKS.contains(&name) {
            self.each(|lines| lines.begin(1));
        }
    }

    fn set_depth(&mut self) {
        self.whole.depth = self.depth;
        if let Some(unquoted) = &mut self.unquoted {
            unquoted.depth = self.depth;
        }
    }

    fn look_for_quote(&mut self, name: &str, attributes: &str) {
        let is_cite = name == "blockquote"
            && raw_attribute(attributes, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite"));
        let is_page = matches!(name, "body" | "html");
        if is_cite || (!is_page && has_mark(attributes, QUOTES)) {
            self.quote = Some((name.to_owned(), 1));
        } else if has_mark(attributes, REST_IS_QUOTED) {
            self.rest_is_quoted = true;
        } else {
            return;
        }
        if self.unquoted.is_none() {
            self.unquoted = Some(self.whole.clone());
        }
    }

    fn each(&mut self, act: impl Fn(&mut Lines)) {
        act(&mut self.whole);
        let in_quote = self.in_quote();
        if let Some(unquoted) = self.unquoted.as_mut().filter(|_| !in_quote) {
            act(unquoted);
        }
    }
}

fn has_mark(attributes: &str, marks: &[&str]) -> bool {
    ["class", "id"].iter().filter_map(|key| raw_attribute(attributes, key)).any(|value| {
        value.split_ascii_whitespace().any(|word| marks.iter().any(|mark| word.eq_ignore_ascii_case(mark)))
    })
}

/// Text that is being written, line by line.
#[derive(Clone, Default)]
struct Lines {
    text: String,
    /// Line ends that are due before the next word.
    due: usize,
    /// A blank that is due before the next word.
    blank: bool,
    depth: usize,
}

impl Lines {
    /// Ends the line, and leaves an empty one where `count` is 2.
    fn begin(&mut self, count: usize) {
        if !self.text.is_empty() {
            self.due = self.due.max(count);
        }
        self.blank = false;
    }

    /// A line end that was asked for: two of them make an empty line.
    fn line_break(&mut self) {
        if !self.text.is_empty() {
            self.due = (self.due + 1).min(2);
        }
        self.blank = false;
    }

    fn words(&mut self, text: &str, verbatim: bool) {
        for (i, line) in text.split('\n').enumerate() {
            if 0 < i && verbatim {
                self.line_break();
            }
            for (j, word) in line.split([' ', '\t', '\r', '\u{c}']).enumerate() {
                self.blank |= 0 < j || (0 < i && !verbatim);
                if !word.is_empty() {
                    self.word(word);
                }
            }
        }
    }

    fn word(&mut self, word: &str) {
        let fresh = self.text.is_empty() || 0 < self.due;
        for i in 0..self.due {
            self.text.push('\n');
            if 0 < self.depth && i + 1 < self.due {
                self.text.push('>');
            }
        }
        if fresh && 0 < self.depth {
            self.text.extend(std::iter::repeat_n('>', self.depth));
            self.text.push(' ');
        } else if self.blank && !fresh {
            self.text.push(' ');
        }
        (self.due, self.blank) = (0, false);
        self.text.push_str(word);
    }

    fn finish(self) -> String {
        self.text
            .lines()
            .map(|line| line.trim_end_matches('\u{a0}').trim_end())
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(html: &str) -> String {
        to_text(html).whole
    }

    #[test]
    fn text_is_laid_out_as_it_is_read() {
        for (html, expected) in [
            ("<p>a</p><p>b</p>", "a\n\nb"),
            ("a<br>b<br><br>c", "a\nb\n\nc"),
            ("<div>a</div><div>b <b>c</b>d</div>", "a\nb cd"),
            ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"),
            ("<head><title>t</title><style>s{}</style></head><body>x</body>", "x"),
            ("<style>a < b </style>x<script>if (a</b) '</p>'</script>y", "xy"),
            ("x<!-- <p>no</p> -->y<!DOCTYPE z><?php ?>w", "xyw"),
            ("a &lt;b&gt; &amp;amp; &#1513;&#x5dc; &nope; &eacute", "a <b> &amp; של &nope; é"),
            ("1 < 2 and <3", "1 < 2 and <3"),
            ("mail <dana@example.org> now", "mail dana@example.org now"),
            ("<a href=\"x>y\">link</a>", "link"),
            ("<pre>a\n  b</pre>", "a\nb"),
            ("<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc"),
            ("<p>&nbsp;</p>", ""),
            ("<html><head><meta x><div>never closed", "never closed"),
            ("", ""),
        ] {
            assert_eq!(whole(html), expected, "{html}");
        }
    }

    #[test]
    fn quoted_mail_is_left_out_of_the_other_text() {
        for html in [
            "<div>new</div><div class=\"gmail_quote\">On Monday wrote:<blockquote>old <div>x</div></blockquote></div>",
            "<div>new</div><div id='divRplyFwdMsg'>From: x</div><div>old</div>",
            "new<blockquote type=\"cite\">old</blockquote>",
            "new<div class=\"yahoo_quoted\" id=q>old</div>",
        ] {
            let text = to_text(html);
            assert_eq!(text.unquoted, "new", "{html}");
            assert!(text.whole.contains("old"), "{html}");
        }
        assert_eq!(to_text("<div class=gmail_quote>old</div>new").unquoted, "new");
    }

    #[test]
    fn hostile_html_is_one_pass() {
        for unit in ["<", "<div ", "<a b=\"", "<!--", "</script", "<blockquote>", "&", "<script>", "<a ='", "<x id=\""]
        {
            let html = unit.repeat(300_000 / unit.len());
            let start = std::time::Instant::now();
            let _ = to_text(&html);
            assert!(start.elapsed().as_secs() < 5, "{unit:?} took {:?}", start.elapsed());
        }
    }
}
