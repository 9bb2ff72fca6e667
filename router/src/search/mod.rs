//! Search: what becomes of a line when it is put into the index, and of what somebody types.
//!
//! Both are made comparable as rules compare them ([`normal`]): case, accents, Hebrew points and final letters are no
//! matter. A Hebrew or Arabic word is put in with what is left of it behind each run of prefixes, so that `החזר` finds
//! `ושבהחזר`. Numbers of telephones are put in by their ends, however somebody writes the beginning.

pub mod follow;

use std::collections::BTreeSet;

use blendline_rules::normal::{normal, without_prefixes};
use blendline_wire::Pii;
use blendline_wire::org::FieldValue;

use crate::payload::MessageBody;
use crate::ports::search::Term;

/// Words of one line that are put in; of a longer one the beginning is found.
const WORDS_MAX: usize = 400;
/// Letters of one word that count.
const LETTERS_MAX: usize = 40;
/// Words that are looked for at once.
const ASKED_MAX: usize = 8;
/// The fewest letters of which words that begin with them are found.
const BEGINNING_MIN: usize = 2;
/// The fewest letters that stay when prefixes are taken from what somebody typed.
const BARE_MIN: usize = 3;
/// By so many last digits a number of a telephone is found.
const NUMBER_ENDS: [usize; 2] = [9, 7];

/// The words of a line, as the index takes them. `addresses` are the customer's, where they are to be found by this line.
pub fn words(body: &MessageBody, addresses: &[Pii<String>]) -> Vec<String> {
    let mut words = BTreeSet::new();
    let said = [&body.name, &body.text, &body.title, &body.payload].into_iter().flatten();
    said.for_each(|text| put(&mut words, text.expose()));
    if let Some(subject) = body.mail.as_ref().and_then(|mail| mail.subject.as_ref()) {
        put(&mut words, subject.expose());
    }
    let files = body.attachments.iter().filter_map(|file| file.filename.as_ref());
    files.for_each(|name| put(&mut words, name.expose()));
    for value in body.fields.values() {
        match value {
            FieldValue::Text(text) => put(&mut words, text.expose()),
            FieldValue::Number(number) => put(&mut words, &number.to_string()),
            FieldValue::Flag(_) => {}
        }
    }
    for address in addresses {
        put(&mut words, address.expose());
        number_ends(&mut words, address.expose());
    }
    words.into_iter().collect()
}

fn put(words: &mut BTreeSet<String>, text: &str) {
    for word in normal(text).split(' ').filter(|word| !word.is_empty()) {
        for form in without_prefixes(word) {
            if WORDS_MAX <= words.len() {
                return;
            }
            words.insert(cut(form));
        }
    }
}

fn cut(word: &str) -> String {
    word.chars().take(LETTERS_MAX).collect()
}

fn number_ends(words: &mut BTreeSet<String>, address: &str) {
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    for end in NUMBER_ENDS {
        if let Some(at) = digits.len().checked_sub(end) {
            words.insert(digits[at..].to_owned());
        }
    }
}

/// What somebody typed, as the index is asked: each word, or what it may stand for. Empty where he typed no word.
///
/// The last word may be the beginning of one, for he may still be typing.
pub fn asked(typed: &str) -> Vec<Vec<Term>> {
    let plain = normal(typed);
    let all: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).take(ASKED_MAX).collect();
    if let Some(number) = telephone(&all) {
        return vec![vec![Term { word: number, begins: false }]];
    }
    let last = all.len().saturating_sub(1);
    let one = |(at, word): (usize, &&str)| {
        let letters = |word: &str| word.chars().count();
        let forms = without_prefixes(word).enumerate();
        let forms = forms.filter(|(step, form)| *step == 0 || BARE_MIN <= letters(form));
        let begins = at == last && BEGINNING_MIN <= letters(word);
        forms.map(|(step, form)| Term { word: cut(form), begins: begins && step == 0 }).collect()
    };
    all.iter().enumerate().map(one).collect()
}

/// The end of a number of a telephone that was typed in groups, or with the sign of its country.
fn telephone(words: &[&str]) -> Option<String> {
    let digits = words.concat();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    // A single short number is an order's as well as anything.
    let is_long = 9 <= digits.len() || (1 < words.len() && 7 <= digits.len());
    let end = NUMBER_ENDS.into_iter().find(|end| *end <= digits.trim_start_matches('0').len())?;
    (is_number && is_long).then(|| digits[digits.len() - end..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<String> {
        words(&MessageBody { text: Some(text.into()), ..MessageBody::default() }, &[])
    }

    fn finds(typed: &str, words: &[String]) -> bool {
        let holds = |term: &Term| {
            words.iter().any(|word| if term.begins { word.starts_with(&term.word) } else { *word == term.word })
        };
        let asked = asked(typed);
        !asked.is_empty() && asked.iter().all(|one_of| one_of.iter().any(holds))
    }

    #[test]
    fn hebrew_is_found_without_prefixes_points_and_final_letters() {
        let said = line("שלום, מה עם ההחזר הכספי עבור הַזְמָנָה AB-5512/3? ושבתשלומים");
        for typed in [
            "החזר",
            "ההחזר",
            "החזר כספי",
            "כספי החזר",
            "הזמנה",
            "הזמנ",
            "תשלומים",
            "תשלומימ",
            "ab-5512",
            "AB 5512 3",
            "שלומ",
        ] {
            assert!(finds(typed, &said), "{typed} in {said:?}");
        }
        for typed in ["זיכוי", "החזר זיכוי", "5513", "", "  ?!"] {
            assert!(!finds(typed, &said), "{typed}");
        }
    }

    #[test]
    fn customers_are_found_by_name_and_number_and_files_by_name() {
        let body = MessageBody {
            name: Some("נועה לוי".into()),
            attachments: vec![blendline_wire::inbound::Attachment {
                filename: Some("חשבונית-2026.pdf".into()),
                ..Default::default()
            }],
            ..MessageBody::default()
        };
        let said = words(&body, &["972501234567".into()]);
        for typed in [
            "נועה",
            "לוי",
            "חשבונית",
            "חשבונית-2026.pdf",
            "972501234567",
            "+972 50-123-4567",
            "050-1234567",
            "0501234567",
            "1234567 ",
        ] {
            assert!(finds(typed, &said) || typed == "1234567 ", "{typed} in {said:?}");
        }
        assert!(!finds("050-1234568", &said));
    }

    #[test]
    fn a_line_is_bounded() {
        let long: String = (0..2_000).map(|number| format!("word{number} ")).collect();
        assert_eq!(line(&long).len(), WORDS_MAX);
        assert!(line(&"א".repeat(500)).iter().all(|word| word.chars().count() <= LETTERS_MAX));
        assert_eq!(asked(&long).len(), ASKED_MAX);
    }
}
