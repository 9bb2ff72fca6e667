//! Words by which people say that they want no more messages.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

/// Longer texts are never only such a word.
const CHARS_MAX: usize = 60;

/// A language in which an opt-out is understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// Hebrew.
    Hebrew,
    /// Arabic.
    Arabic,
    /// Russian.
    Russian,
    /// English.
    English,
}

impl Language {
    /// What is said once to whoever opted out.
    pub const fn confirmation(self) -> &'static str {
        match self {
            Self::Hebrew => "הוסרת מרשימת התפוצה, ולא תקבל מאיתנו הודעות יזומות נוספות.",
            Self::Arabic => "تم إلغاء اشتراكك، ولن نرسل إليك رسائل أخرى بمبادرة منا.",
            Self::Russian => "Вы отписались. Мы больше не будем писать вам первыми.",
            Self::English => "You are unsubscribed. We will send you no more messages unless you write to us.",
        }
    }
}

/// The words. Not `cancel`, `end` and the like: in a talk they answer other questions.
const WORDS: &[(Language, &[&str])] = &[
    (
        Language::Hebrew,
        &[
            "הסר",
            "הסירו",
            "הסירי",
            "הסרה",
            "להסרה",
            "הסר אותי",
            "הסירו אותי",
            "תסירו אותי",
            "נא להסיר",
            "נא להסיר אותי",
            "הסר מרשימת התפוצה",
            "הסירו אותי מרשימת התפוצה",
            "להסיר",
        ],
    ),
    (
        Language::Arabic,
        &["توقف", "قف", "اوقف", "اوقفوا", "ايقاف", "الغاء الاشتراك", "الغ الاشتراك", "احذفوني", "ازالة", "الغاء اشتراك"],
    ),
    (
        Language::Russian,
        &["стоп", "отписаться", "отписка", "отпишите", "отпишите меня", "отменить подписку", "отказ от рассылки"],
    ),
    (
        Language::English,
        &[
            "stop",
            "stop all",
            "stopall",
            "unsubscribe",
            "unsubscribe me",
            "opt out",
            "optout",
            "remove me",
            "stop messaging me",
        ],
    ),
];

/// The language in which this text, and nothing else in it, asks for no more messages.
pub fn opt_out(text: &str) -> Option<Language> {
    // An endless text is not looked at to its end.
    if text.chars().nth(CHARS_MAX).is_some() {
        return None;
    }
    PLAIN_WORDS.get(plain(text).as_str()).copied()
}

/// The words, each passed through the same mill as what people write, so that the table can be written as they write.
static PLAIN_WORDS: LazyLock<HashMap<String, Language>> = LazyLock::new(|| {
    let words = WORDS.iter().flat_map(|(language, words)| words.iter().map(move |word| (plain(word), *language)));
    words.collect()
});

/// The text without what people leave out or put in at will: vowel points, final forms, case, punctuation, emoji.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Decomposed, points and accents are characters of their own.
    for letter in text.nfkd().flat_map(char::to_lowercase).filter(|letter| !is_mark(*letter)) {
        let letter = match letter {
            'ך' => 'כ',
            'ם' => 'מ',
            'ן' => 'נ',
            'ף' => 'פ',
            'ץ' => 'צ',
            'ٱ' => 'ا',
            'ة' => 'ه',
            'ى' => 'ي',
            letter => letter,
        };
        if letter.is_alphanumeric() {
            out.push(letter);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Hebrew and Arabic points, accents, the Arabic stretching stroke, and marks of direction.
const fn is_mark(letter: char) -> bool {
    matches!(
        letter,
        '\u{0300}'..='\u{036f}'
            | '\u{0591}'..='\u{05bd}'
            | '\u{05bf}'..='\u{05c7}'
            | '\u{0610}'..='\u{061a}'
            | '\u{0640}'
            | '\u{064b}'..='\u{065f}'
            | '\u{0670}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_known_however_they_are_written() {
        for (text, language) in [
            ("STOP", Language::English),
            (" stop!! ", Language::English),
            ("Opt-out.", Language::English),
            ("הסר", Language::Hebrew),
            ("הָסֵר", Language::Hebrew),
            ("\u{200f}הסירו אותי, מרשימת התפוצה.", Language::Hebrew),
            ("הסר 🙏", Language::Hebrew),
            ("Стоп", Language::Russian),
            ("ОТПИШИТЕ  МЕНЯ", Language::Russian),
            ("أوقف", Language::Arabic),
            ("إلغاء الاشتراك", Language::Arabic),
            ("تـوقّف", Language::Arabic),
        ] {
            assert_eq!(opt_out(text), Some(language), "{text}");
        }
    }

    #[test]
    fn a_word_among_others_is_no_opt_out() {
        for text in [
            "",
            "!!!",
            "please stop by tomorrow",
            "הסר את הפריט מההזמנה",
            "стоп-кран не работает",
            "nonstop",
            "cancel",
            "لا تتوقف",
            &"stop ".repeat(20_000),
        ] {
            assert_eq!(opt_out(text), None, "{text:.40}");
        }
    }

    #[test]
    fn no_word_is_in_two_languages() {
        let all: Vec<_> = WORDS.iter().flat_map(|(_, words)| words.iter().map(|word| plain(word))).collect();
        let mut distinct = all.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len());
    }
}
