//! Texts of customers made comparable: case, accents, Hebrew points and final letters, Arabic signs and letter forms.

use unicode_normalization::UnicodeNormalization;

/// A text as words are looked for in it: lower case, without marks, words parted by one blank.
///
/// - Hebrew: points and cantillation are dropped, final letters become ordinary ones, geresh and gershayim go.
/// - Arabic: harakat and tatweel are dropped; alef forms become alef, alef maqsura becomes ya, ta marbuta becomes ha.
/// - Latin and Cyrillic: lower case, accents are dropped.
/// - Invisible signs of direction are dropped, everything that is no letter or digit parts words.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_mark(*letter) && !is_invisible(*letter)) {
        let letter = plain(letter);
        if letter.is_alphanumeric() {
            out.extend(letter.to_lowercase());
        } else if matches!(letter, '\'' | '"' | '’' | '״' | '׳') {
            // Within a word they are part of it: צה"ל, don't.
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// True for what is written above or below letters and takes no room of its own.
pub(crate) fn is_mark(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
        | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}')
}

/// Signs of direction and joining, and the Arabic stroke that only stretches a word.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{640}')
}

/// One form for letters that are written in several.
const fn plain(letter: char) -> char {
    match letter {
        'ך' => 'כ',
        'ם' => 'מ',
        'ן' => 'נ',
        'ף' => 'פ',
        'ץ' => 'צ',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' => 'ي',
        'ة' => 'ه',
        'ؤ' => 'و',
        'ئ' => 'ي',
        other => other,
    }
}

/// The language of a text by its script: `he`, `ar`, `ru` or `en` (any Latin); `und` where there are no letters.
///
/// The script that most letters are of wins: a Hebrew sentence with a product's name in it is Hebrew.
pub fn language(text: &str) -> &'static str {
    let mut counts = [0_u32; 4];
    for letter in text.chars().take(crate::limits::TEXT_CHARS_MAX) {
        match letter {
            '\u{5d0}'..='\u{5ea}' => counts[0] += 1,
            '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}' => counts[1] += 1,
            '\u{400}'..='\u{4ff}' => counts[2] += 1,
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => counts[3] += 1,
            _ => {}
        }
    }
    // Latin wins only alone or by far: addresses, codes and brands are Latin everywhere.
    let (native, count) =
        ["he", "ar", "ru"].into_iter().zip(counts).rev().max_by_key(|(_, count)| *count).unwrap_or(("und", 0));
    match (count, counts[3]) {
        (0, 0) => "und",
        (0, _) => "en",
        (count, latin) if count.saturating_mul(3) < latin => "en",
        _ => native,
    }
}

/// The languages that [`language`] tells apart.
pub const LANGUAGES: &[&str] = &["ar", "en", "he", "ru", "und"];

/// Words of one keyword list, ready to be looked for.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Normal forms of single words, sorted.
    words: Vec<String>,
    /// Normal forms of phrases of several words.
    phrases: Vec<String>,
}

impl Words {
    /// Takes a list in. A word is found with the prefixes of its language; a phrase as it stands, likewise.
    pub fn new<'a>(all: impl Iterator<Item = &'a str>) -> Self {
        let mut words = Self::default();
        for one in all.map(normal).filter(|one| !one.is_empty()) {
            let list = if one.contains(' ') { &mut words.phrases } else { &mut words.words };
            list.push(one);
        }
        words.words.sort_unstable();
        words.words.dedup();
        words
    }

    /// The first word or phrase of the list that a text in its [`normal`] form holds.
    pub fn find(&self, normal: &str) -> Option<&str> {
        normal.split(' ').find_map(|word| self.word(word)).or_else(|| self.phrase(normal))
    }

    fn word(&self, written: &str) -> Option<&str> {
        without_prefixes(written).find_map(|word| {
            let at = self.words.binary_search_by(|known| known.as_str().cmp(word)).ok()?;
            Some(self.words[at].as_str())
        })
    }

    fn phrase(&self, text: &str) -> Option<&str> {
        self.phrases.iter().map(String::as_str).find(|phrase| {
            text.match_indices(phrase).any(|(at, found)| {
                let ends = text[at + found.len()..].chars().next().is_none_or(|next| next == ' ');
                let first = text[..at].rfind(' ').map_or(0, |blank| blank + 1);
                let begins = &text[first..at];
                ends && (begins.is_empty() || without_prefixes(&text[first..]).any(|rest| rest.starts_with(phrase)))
            })
        })
    }
}

/// The word, and what is left of it after each run of prefixes that its language writes in one word with it.
///
/// Hebrew: ו ה ב כ ל מ ש, up to three (ושה…). Arabic: و ف ب ك ل and ال, up to three. At least two letters stay.
pub fn without_prefixes(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(word);
    let mut left = 4_u8;
    std::iter::from_fn(move || {
        let this = rest?;
        left -= 1;
        rest = if left == 0 { None } else { shorter(this) };
        Some(this)
    })
}

fn shorter(word: &str) -> Option<&str> {
    let rest = if let Some(rest) = word.strip_prefix("ال") {
        rest
    } else {
        word.strip_prefix(['ו', 'ה', 'ב', 'כ', 'ל', 'מ', 'ש', 'و', 'ف', 'ب', 'ك', 'ل'])?
    };
    (2 <= rest.chars().count()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hebrew_is_found_with_points_final_letters_and_prefixes() {
        let words = Words::new(["החזר", "זיכוי", "תשלום", "שירות לקוחות"].into_iter());
        for (text, found) in [
            ("אני רוצה הַחְזֵר כספי", "החזר"),
            ("מה עם ההחזר שלי?", "החזר"),
            ("ושבזיכוי", "זיכוי"),
            ("התשלומ לא עבר", "תשלומ"),
            ("לשירות לקוחות שלום", "שירות לקוחות"),
        ] {
            assert_eq!(words.find(&normal(text)), Some(normal(found).as_str()), "{text}");
        }
        assert_eq!(words.find(&normal("החזרתי את הספר")), None);
        assert_eq!(words.find(&normal("")), None);
    }

    #[test]
    fn arabic_is_found_with_signs_letter_forms_and_prefixes() {
        let words = Words::new(["استرداد", "فاتورة"].into_iter());
        for text in ["أريد اِسْتِرْداد المبلغ", "والاسترداد", "بالفاتوره", "فـاتـورة"]
        {
            assert!(words.find(&normal(text)).is_some(), "{text}: {}", normal(text));
        }
        assert!(words.find(&normal("مرحبا")).is_none());
    }

    #[test]
    fn the_language_is_that_of_most_letters() {
        for (text, expected) in [
            ("שלום", "he"),
            ("ההזמנה שלי iPhone 15 לא הגיעה", "he"),
            ("Hello", "en"),
            ("Hello שלום, my order has not arrived since Monday", "en"),
            ("مرحبا", "ar"),
            ("Привет", "ru"),
            ("12345 👍", "und"),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }

    #[test]
    fn latin_loses_case_and_accents() {
        assert_eq!(normal("  Crédit—NOTE!! don't "), "credit note dont");
        assert_eq!(normal("\u{200f}שָׁלוֹם\u{202c}"), "שלומ");
        assert_eq!(normal("صـــبر"), "صبر");
    }
}
