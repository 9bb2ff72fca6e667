//! HTML mail as text, with and without what it quotes.
//!
//! One pass over the tags, in the way browsers' tokenizers go; nothing is built, so nesting costs nothing.

use super::html_entities;

/// Elements whose content nobody reads.
const HIDDEN: &[&str] = &["script", "style", "head", "title", "template", "object", "svg", "math", "iframe", "select"];
/// Elements that begin on a line of their own.
const BLOCKS: &[&str] = &[
    "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
];
/// Elements with an empty line around them.
const PARAGRAPHS: &[&str] = &["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "pre"];
/// Marks of mail programs on the element that holds the quoted mail, in classes and ids.
const QUOTES: &[&str] = &[
    "gmail_quote", "gmail_quote_container", "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "moz-email-headers-table",
    "protonmail_quote", "tutanota_quote", "zmail_extra", "appleoriginalcontents", "outlookmessageheader",
    "mimecast-quote", "x_gmail_quote", "original-message",
];
/// Marks on an element after which everything is quoted, for it holds the quoted mail's fields only.
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

/// One piece of HTML.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    /// Name in lower case and the attributes as written.
    Open(String, &'a str),
    Close(String),
}

/// Reads an HTML body as text.
pub(super) fn to_text(html: &str) -> HtmlText {
    let mut reader = Reader::default();
    for token in Tokens::new(html) {
        reader.take(&token);
    }
    HtmlText { whole: reader.whole.finish(), unquoted: reader.unquoted.finish() }
}

/// The tokens of an HTML text; comments and declarations are left out, and so is the content of scripts and styles.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// The element whose end is waited for, because its content is no HTML.
    raw: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    /// The tag or comment at the beginning of `rest`, which is `<`.
    fn markup(&mut self) -> Option<Token<'a>> {
        if let Some(comment) = self.rest.strip_prefix("<!--") {
            self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            return None;
        }
        let inside = &self.rest[1..];
        let (closing, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
            if inside.starts_with(['!', '?']) || closing {
                self.rest = inside.split_once('>').map_or("", |(_, rest)| rest);
                return None;
            }
            // `<3` and `a < b` are text.
            self.rest = &self.rest[1..];
            return Some(Token::Text("<"));
        }
        let name_length = inside.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(inside.len());
        let name = inside[..name_length].to_ascii_lowercase();
        // Addresses such as <dana@example.org> stand unescaped in the HTML of careless programs.
        let end = tag_end(&inside[name_length..]);
        let attributes = &inside[name_length..name_length + end];
        self.rest = inside.get(name_length + end + 1..).unwrap_or_default();
        if name.contains('@') {
            return Some(Token::Text(&inside[..name_length]));
        }
        if closing {
            return Some(Token::Close(name));
        }
        self.raw = ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"].into_iter().find(|raw| *raw == name);
        Some(Token::Open(name, attributes))
    }

    /// Skips to the closing tag of an element whose content is no HTML.
    fn skip_raw(&mut self, name: &'static str) {
        let mut at = 0;
        while let Some(found) = self.rest[at..].find("</") {
            at += found;
            let is_end = self.rest[at + 2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            if is_end {
                self.rest = &self.rest[at..];
                return;
            }
            at += 2;
        }
        self.rest = "";
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            self.skip_raw(name);
        }
        while !self.rest.is_empty() {
            let length = self.rest.find('<').unwrap_or(self.rest.len());
            if 0 < length {
                let (text, rest) = self.rest.split_at(length);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            if let Some(token) = self.markup() {
                return Some(token);
            }
        }
        None
    }
}

/// Where a tag ends: at `>` outside quotes; a quote that is never closed is ignored.
fn tag_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => return at,
            quote @ (b'"' | b'\'') if 0 < at && bytes[..at].trim_ascii_end().ends_with(b"=") => {
                let length = bytes[at + 1..].iter().take(TAG_BYTES_MAX).position(|byte| byte == quote);
                at += length.map_or(1, |length| length + 2);
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// A quoted attribute longer than this is not one: pictures within the HTML are shorter, and a lost quote costs little.
const TAG_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The value of the attribute `name`, its references undone.
pub(super) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        if length == 0 && rest.is_empty() {
            return None;
        }
        let (key, after) = rest.split_at(length);
        let after = after.trim_start();
        let Some(value) = after.strip_prefix('=') else {
            rest = after.strip_prefix('/').unwrap_or(after);
            if key.is_empty() && rest.len() == after.len() {
                return None;
            }
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(html_entities::decode(value));
        }
        rest = after;
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    whole: Lines,
    unquoted: Lines,
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
        let text = html_entities::decode(text);
        self.whole.words(&text, 0 < self.pre);
        if !self.in_quote() {
            self.unquoted.words(&text, 0 < self.pre);
        }
    }

    const fn in_quote(&self) -> bool {
        self.quote.is_some() || self.rest_is_quoted
    }

    fn open(&mut self, name: &str, attributes: &str) {
        if HIDDEN.contains(&name) && self.hidden.len() < HIDDEN_DEPTH_MAX {
            self.hidden.push(name.to_owned());
        }
        if name == "body" {
            // A head that was never closed ends here.
            self.hidden.clear();
        }
        if !self.hidden.is_empty() {
            return;
        }
        match &mut self.quote {
            Some((quote, count)) => *count += usize::from(quote == name),
            None if is_quote(name, attributes) => self.quote = Some((name.to_owned(), 1)),
            None => self.rest_is_quoted |= has_mark(attributes, REST_IS_QUOTED),
        }
        self.pre += usize::from(name == "pre");
        self.break_line(name);
        if name == "blockquote" {
            self.depth = (self.depth + 1).min(QUOTE_DEPTH_MAX);
            self.whole.depth = self.depth;
            self.unquoted.depth = self.depth;
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
        self.whole.depth = self.depth;
        self.unquoted.depth = self.depth;
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

    fn each(&mut self, act: impl Fn(&mut Lines)) {
        act(&mut self.whole);
        if !self.in_quote() {
            act(&mut self.unquoted);
        }
    }
}

fn is_quote(name: &str, attributes: &str) -> bool {
    if name == "blockquote" && attribute(attributes, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite")) {
        return true;
    }
    !matches!(name, "body" | "html") && has_mark(attributes, QUOTES)
}

fn has_mark(attributes: &str, marks: &[&str]) -> bool {
    if attributes.is_empty() {
        return false;
    }
    ["class", "id"].iter().any(|key| {
        attribute(attributes, key).is_some_and(|value| {
            value.split_whitespace().any(|word| marks.iter().any(|mark| word.eq_ignore_ascii_case(mark)))
        })
    })
}

/// Text that is being written, line by line.
#[derive(Default)]
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
        self.text.lines().map(|line| line.trim_end_matches('\u{a0}').trim_end()).collect::<Vec<_>>().join("\n").trim().to_owned()
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
    fn attributes_are_found() {
        assert_eq!(attribute(" a = 'b c' d=e f id=\"x&amp;y\"", "ID").as_deref(), Some("x&y"));
        assert_eq!(attribute(" a d=e/ ", "d").as_deref(), Some("e/"));
        for odd in ["", "=", "/", "==", "a=", "'", "a='b", " = = "] {
            assert_eq!(attribute(odd, "zz"), None, "{odd}");
        }
    }

    #[test]
    fn hostile_html_is_one_pass() {
        for unit in ["<", "<div ", "<a b=\"", "<!--", "</script", "<blockquote>", "&", "<script>", "<a ='", "<x id=\""] {
            let html = unit.repeat(300_000 / unit.len());
            let start = std::time::Instant::now();
            let _ = to_text(&html);
            assert!(start.elapsed().as_secs() < 5, "{unit:?} took {:?}", start.elapsed());
        }
    }
}
