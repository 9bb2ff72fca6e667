//! Splits what somebody wrote from the mail they quote and from their signature.
//!
//! Every line gets a class, and rules on the order of classes decide what is kept, as Discourse's `email_reply_trimmer`
//! does. Where a rule is in doubt, the words stay: a quote too many is a nuisance, a lost sentence is a lost customer.
//! All of it is linear in the text.

mod lines;
mod tables;

use std::borrow::Cow;

use lines::{Class, Line, classify};

/// A rule or a divider with more lines than this after it stands in the middle of somebody's letter.
const SIGNATURE_LINES_MAX: usize = 12;
/// How far a divider looks ahead.
const LOOK_AHEAD_LINES: usize = 64;
/// A longer text is no answer to anything and stays whole.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// A text in two parts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Split {
    /// What was written.
    pub(crate) reply: String,
    /// What was quoted or stood in the signature.
    pub(crate) elided: String,
}

/// Splits `text`. The reply is never empty unless the text is.
pub(crate) fn split(text: &str) -> Split {
    if TEXT_BYTES_MAX < text.len() {
        return Split { reply: text.trim().to_owned(), elided: String::new() };
    }
    let text = without_pgp(line_feeds(text));
    let lines = classify(&text);
    let mut kept = Kept { classes: lines.iter().map(|line| line.class).collect(), keep: vec![true; lines.len()] };
    kept.settle_signatures();
    kept.cut_dividers();
    kept.cut_marker_and_rest();
    kept.cut_quoted_tail();
    kept.cut_top_quote();
    kept.cut_fields();
    kept.drop_markers();
    kept.cut_quoted_tail();
    let reply = joined(&lines, |i| kept.keep[i]);
    if reply.is_empty() {
        return Split { reply: text.trim().to_owned(), elided: String::new() };
    }
    Split { reply, elided: joined(&lines, |i| !kept.keep[i]) }
}

fn joined(lines: &[Line<'_>], takes: impl Fn(usize) -> bool) -> String {
    let taken: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| takes(*i)).map(|(_, line)| line.text).collect();
    let text = taken.join("\n");
    // Blanks at the beginning of the first line are formatting; empty lines before it are not.
    let start = text.find(|c: char| !c.is_whitespace()).map_or(0, |at| text[..at].rfind('\n').map_or(0, |end| end + 1));
    text[start..].trim_end().to_owned()
}

/// The text with `\n` for every line end.
fn line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// A clear-signed mail's words without its armour.
fn without_pgp(text: Cow<'_, str>) -> Cow<'_, str> {
    const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
    const END: &str = "-----END PGP SIGNATURE-----";
    if !text.contains("-----BEGIN PGP") {
        return text;
    }
    let mut text = text.into_owned();
    if let Some(at) = text.find(SIGNED)
        && let Some(length) = text[at..].find("\n\n")
    {
        text.replace_range(at..at + length + 2, "");
    }
    if let Some(at) = text.find(SIGNATURE)
        && let Some(length) = text[at..].find(END)
    {
        text.replace_range(at..at + length + END.len(), "");
    }
    Cow::Owned(text)
}

/// The classes of the lines and which of them are kept.
struct Kept {
    classes: Vec<Class>,
    keep: Vec<bool>,
}

impl Kept {
    /// The lines still kept, with their classes.
    fn left(&self) -> impl DoubleEndedIterator<Item = (usize, Class)> {
        self.classes.iter().copied().enumerate().filter(|(i, _)| self.keep[*i])
    }

    fn cut_from(&mut self, start: usize) {
        self.keep[start..].fill(false);
    }

    /// A telephone's line is one only where nothing of the writer's follows; else it is a sentence.
    fn settle_signatures(&mut self) {
        let mut ends = true;
        for i in (0..self.classes.len()).rev() {
            match self.classes[i] {
                Class::Mobile if ends => self.keep[i] = false,
                Class::Mobile => self.classes[i] = Class::Text,
                Class::Text => ends = false,
                Class::Empty => {}
                _ => ends = true,
            }
        }
    }

    /// What follows `-- ` or a rule is a signature or the quoted mail, unless it is too long to be one.
    fn cut_dividers(&mut self) {
        let mut text = false;
        for i in 0..self.classes.len() {
            let class = self.classes[i];
            text |= class == Class::Text;
            if !matches!(class, Class::Divider | Class::Rule | Class::Stars) || !self.keep[i] {
                continue;
            }
            let after = || self.classes[i + 1..].iter().take(LOOK_AHEAD_LINES);
            let words = after().take_while(|class| !matches!(class, Class::Marker | Class::Author | Class::Quote));
            let words = words.filter(|class| **class == Class::Text).count();
            let quoted = after()
                .find(|class| **class != Class::Empty)
                .is_some_and(|class| matches!(class, Class::Author | Class::Field | Class::Marker | Class::Quote));
            let words_max = if class == Class::Stars { 0 } else { SIGNATURE_LINES_MAX };
            if text && (quoted || words <= words_max) {
                return self.cut_from(i);
            }
            if class == Class::Divider && !text {
                self.keep[i] = false;
            } else {
                self.classes[i] = Class::Text;
            }
        }
    }

    /// Text, then an introduction after which nothing is quoted by marks, or nothing but quotes: the mail ends there.
    fn cut_marker_and_rest(&mut self) {
        let last = |of: Class| self.left().rfind(|(_, class)| *class == of).map_or(0, |(i, _)| i);
        let (last_quote, last_text) = (last(Class::Quote), last(Class::Text));
        let mut text = false;
        for i in 0..self.classes.len() {
            if !self.keep[i] {
                continue;
            }
            match self.classes[i] {
                Class::Text => text = true,
                Class::Marker if text => {
                    if last_quote < i || last_text < i {
                        return self.cut_from(i);
                    }
                    // It introduces a quote that is answered below.
                    text = false;
                }
                _ => {}
            }
        }
    }

    /// Quotes at the end, where anything was written.
    fn cut_quoted_tail(&mut self) {
        let Some((last, _)) = self.left().rfind(|(_, class)| *class == Class::Text) else { return };
        let tail: Vec<(usize, Class)> = self.left().filter(|(i, _)| last < *i).collect();
        if tail.iter().all(|(_, class)| matches!(class, Class::Quote | Class::Marker | Class::Empty)) {
            self.cut_from(last + 1);
        }
    }

    /// An introduction and its quote at the top, and nothing quoted below: the answer stands under the mail.
    fn cut_top_quote(&mut self) {
        let mut left = self.left().skip_while(|(_, class)| *class == Class::Empty);
        if left.next().map(|(_, class)| class) != Some(Class::Marker) {
            return;
        }
        let rest: Vec<(usize, Class)> = left.collect();
        let Some(first) = rest.iter().position(|(_, class)| *class == Class::Text) else { return };
        let quotes =
            |part: &[(usize, Class)]| part.iter().any(|(_, class)| matches!(class, Class::Quote | Class::Marker));
        if quotes(&rest[..first]) && !quotes(&rest[first..]) {
            let end = rest[first].0;
            self.keep[..end].fill(false);
        }
    }

    /// The fields of a quoted mail after some text: three of them, or two of which the first names its author.
    fn cut_fields(&mut self) {
        let left: Vec<(usize, Class)> = self.left().collect();
        let is_field = |class: Class| matches!(class, Class::Author | Class::Field);
        let mut text = false;
        let mut at = 0;
        while let Some((i, class)) = left.get(at).copied() {
            if !is_field(class) {
                text |= class == Class::Text;
                at += 1;
                continue;
            }
            let length = run_of_fields(&left[at..], is_field);
            let fields = left[at..at + length].iter().filter(|(_, class)| is_field(*class)).count();
            let named = left[at..at + length].iter().any(|(_, class)| *class == Class::Author);
            if text && (3 <= fields || (2 == fields && class == Class::Author)) && named {
                return self.cut_from(i);
            }
            // One such line alone is a sentence with a colon.
            text = true;
            at += length;
        }
    }

    /// What introduces a quote between answers says nothing.
    fn drop_markers(&mut self) {
        for i in 0..self.classes.len() {
            if self.classes[i] == Class::Marker {
                self.keep[i] = false;
            }
        }
    }
}

/// The length of a run of fields, whose long values may go on in the next lines.
fn run_of_fields(left: &[(usize, Class)], is_field: impl Fn(Class) -> bool) -> usize {
    let mut length = 0;
    let mut gap = 0;
    for (i, (_, class)) in left.iter().enumerate() {
        if is_field(*class) {
            (length, gap) = (i + 1, 0);
        } else {
            gap += 1;
            if 2 < gap || *class == Class::Quote {
                break;
            }
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> String {
        split(text).reply
    }

    #[test]
    fn introductions_of_every_language_end_the_reply() {
        for marker in [
            "On Mon, Apr 2, 2012 at 6:26 PM, Megan <m@example.com> wrote:",
            "On Mon, Apr 2, 2012 at 6:26 PM, Megan\n<m@example.com> wrote:",
            "> On 22 Aug 2015, at 19:21, Adam <a@example.com> wrote:",
            "---- On Tue, 22 Dec 2015 14:17:36 +0530 Sam wrote ----",
            "\u{202b}בתאריך יום ד׳, 5 ביוני 2024 ב-10:12 מאת \u{202a}Support\u{202c}\u{200f} <\u{202a}s@example.com\u{202c}\u{200f}>:\u{202c}",
            "ביום ד׳, 5 ביוני 2024 ב-10:12 דנה לוי <d@example.org> כתב/ה:",
            "في الأربعاء، 5 يونيو 2024 في 10:12 ص كتب Dana <d@example.org>:",
            "ср, 5 июн. 2024 г. в 10:12, Dana <d@example.org>:",
            "5 июня 2024 г. пользователь Dana написал:",
            "Am 05.06.2024 um 10:12 schrieb Dana <d@example.org>:",
            "Dana <d@example.org> schrieb am Mi., 5. Juni 2024 um 10:12 Uhr:",
            "Le 5 juin 2024 10:12, Dana <d@example.org> a écrit :",
            "El mié, 5 jun 2024 a las 10:12, Dana (<d@example.org>) escribió:",
            "-----Original Message-----",
            "-----הודעה מקורית-----",
            "---------- Forwarded message ---------",
            "##- Please type your reply above this line -##",
        ] {
            assert_eq!(reply(&format!("Thanks.\n\n{marker}\n> old\n> words\n")), "Thanks.", "{marker}");
            assert_eq!(reply(&format!("Thanks.\n\n{marker}\nold\nwords\n")), "Thanks.", "{marker}");
        }
    }

    #[test]
    fn fields_of_every_language_end_the_reply() {
        for fields in [
            "From: Dana\nSent: Monday, 5 June 2024\nTo: Support\nSubject: Order",
            "*From:* Dana\n*Sent:* Monday, 5 June 2024\n*To:* Support\n*Subject:* Order",
            "מאת: דנה\nנשלח: יום ד׳ 05 יוני 2024\nאל: תמיכה\nנושא: הזמנה",
            "From: Dana\nDate: 5 June 2024\nTo: Support, and a very long list of others\nwho also got it\nSubject: Order",
            "От: Дана\nОтправлено: 5 июня 2024 г.\nКому: Поддержка\nТема: Заказ",
            "من: دانا\nتم الإرسال: 5 يونيو 2024\nإلى: الدعم\nالموضوع: طلب",
        ] {
            assert_eq!(reply(&format!("Thanks.\n\n{fields}\n\nold words\n")), "Thanks.", "{fields}");
        }
    }

    #[test]
    fn the_writers_own_words_stay() {
        for text in [
            "On your remote host you can run:\n\n    telnet 127.0.0.1\n\nThis should connect.",
            "> This is a quote.\n\nAnd this is an answer.\n\n> Another one.\n\nAnd another answer.",
            "Subject: the order is late.\n\nWhere is it?",
            "Sent by courier on Monday.\nWhere is it?",
            "My list:\n- one\n- two\n*\n- three",
            "```\n# code\n---\n> code\n```\n\nEnd.",
            "One.\n\n***\n\nTwo.",
            "Sent from my desk, it is much easier.",
            "Why don't you answer?\nHe wrote to me in 2019 and said no.",
            "> only a quote",
        ] {
            assert_eq!(reply(text), text, "{text}");
        }
        let long = format!("Dear all,\n\n-----\n\n{}", "a line\n".repeat(20));
        assert_eq!(reply(&long), long.trim());
    }

    #[test]
    fn signatures_go() {
        assert_eq!(reply("Thanks.\n\n-- \nDana Levy\nExample Ltd"), "Thanks.");
        assert_eq!(reply("Thanks.\n\nSent from my iPhone"), "Thanks.");
        assert_eq!(reply("תודה\n\nנשלח מה-iPhone שלי"), "תודה");
        assert_eq!(reply("Thanks.\n________________________________\nDisclaimer"), "Thanks.");
        assert_eq!(reply("-- \nDana"), "Dana");
    }

    #[test]
    fn answers_below_and_between_quotes_stay() {
        assert_eq!(reply("On 04/02/2012 06:26 PM, Megan wrote:\n> Hi\n\nHello"), "Hello");
        let between = "On 2 May 2012, Megan wrote:\n> one?\n\nyes\n\n> two?\n\nno";
        assert_eq!(reply(between), "> one?\n\nyes\n\n> two?\n\nno");
    }

    #[test]
    fn both_halves_hold_the_whole() {
        let found = split("Thanks.\n\nOn 2 May 2012, Megan wrote:\n> Hi\n");
        assert_eq!(found.elided, "On 2 May 2012, Megan wrote:\n> Hi");
        assert_eq!(split(""), Split::default());
        assert_eq!(split(" \n\t\n"), Split::default());
        assert_eq!(split("On 2 May 2012, Megan wrote:").reply, "On 2 May 2012, Megan wrote:");
    }

    #[test]
    fn hostile_texts_take_no_longer() {
        for unit in [
            "On 2012 ",
            "On 2012\n",
            "> On 2012, a\n",
            "From: a\n",
            ">",
            "-- \n",
            "```\n",
            "wrote wrote\n",
            "<a@b.c\n2012 ",
        ] {
            let text = unit.repeat(200_000 / unit.len());
            let start = std::time::Instant::now();
            let _ = split(&text);
            assert!(start.elapsed().as_secs() < 5, "{unit:?} took {:?}", start.elapsed());
        }
    }
}
