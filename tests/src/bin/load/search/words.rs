//! What customers and workers say: Hebrew and English words, some of them in every third line and most of them hardly ever.

use blendline_tests::seed::Seed;

/// Words of each language: as many as people use about the orders of a shop, with names and misspellings.
const VOCABULARY: usize = 20_000;
/// Words of a line, at least and at most.
const LINE: (u64, u64) = (4, 14);

const HEBREW: [&str; 24] = [
    "שלום",
    "הזמנה",
    "משלוח",
    "תודה",
    "אני",
    "לא",
    "מתי",
    "איפה",
    "החזר",
    "חשבונית",
    "כרטיס",
    "זיכוי",
    "מוצר",
    "בבקשה",
    "עדיין",
    "הגיע",
    "שליח",
    "מחר",
    "טלפון",
    "כתובת",
    "ביטול",
    "תשלום",
    "אשראי",
    "חנות",
];
const ENGLISH: [&str; 24] = [
    "hello", "order", "delivery", "thanks", "the", "not", "when", "where", "refund", "invoice", "card", "credit",
    "item", "please", "still", "arrived", "courier", "tomorrow", "phone", "address", "cancel", "payment", "parcel",
    "shop",
];
const ROOTS: [char; 22] =
    ['א', 'ב', 'ג', 'ד', 'ה', 'ו', 'ז', 'ח', 'ט', 'י', 'כ', 'ל', 'מ', 'נ', 'ס', 'ע', 'פ', 'צ', 'ק', 'ר', 'ש', 'ת'];
const SYLLABLES: [&str; 20] = [
    "ba", "con", "der", "el", "fi", "gran", "hal", "in", "jo", "ker", "lin", "mor", "nat", "or", "pre", "qua", "res",
    "sti", "tur", "ven",
];

/// The words, the most frequent of each language first.
pub(super) struct Words {
    hebrew: Vec<String>,
    english: Vec<String>,
}

impl Words {
    pub(super) fn new() -> Self {
        let mut seed = Seed::new(1);
        let mut hebrew: Vec<String> = HEBREW.map(str::to_owned).to_vec();
        let mut english: Vec<String> = ENGLISH.map(str::to_owned).to_vec();
        while hebrew.len() < VOCABULARY {
            let letters = 3 + seed.below(4);
            hebrew.push((0..letters).map(|_| *seed.pick(&ROOTS)).collect());
        }
        while english.len() < VOCABULARY {
            let syllables = 2 + seed.below(3);
            english.push((0..syllables).map(|_| *seed.pick(&SYLLABLES)).collect());
        }
        Self { hebrew, english }
    }

    /// What is said in the line `number` of everything.
    pub(super) fn line(&self, seed: &mut Seed, hebrew: bool) -> String {
        let all = if hebrew { &self.hebrew } else { &self.english };
        let count = LINE.0 + seed.below(LINE.1 - LINE.0 + 1);
        let words: Vec<&str> = (0..count).map(|_| all[rank(seed)].as_str()).collect();
        words.join(" ")
    }

    /// The words of both languages of these places in the order of how frequent they are.
    pub(super) fn ranked(&self, places: std::ops::Range<usize>) -> Vec<&str> {
        self.hebrew[places.clone()].iter().zip(&self.english[places]).flat_map(|(he, en)| [he.as_str(), en]).collect()
    }
}

/// A place in a vocabulary: the n-th word is said one n-th as often as the first, as in every language.
fn rank(seed: &mut Seed) -> usize {
    let uniform = seed.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let place = (VOCABULARY as f64).powf(uniform) as usize;
    place.saturating_sub(1).min(VOCABULARY - 1)
}
