//! What is said in the store, by customers and by those who answer, in English and in Hebrew.
//!
//! Hebrew runs right to left; numbers and product names in it run left to right, as in real letters.

use super::plan::Tongue;

/// What the store sells.
pub(super) const PRODUCTS: [&str; 5] = ["BlendMaster 3000", "AirFry XL", "ThermoMug 2", "CoffeePro 7", "StickMix S1"];

/// One thing that customers write about, in one language.
///
/// `{order}` and `{product}` stand for whatever the talk is about.
#[derive(Debug)]
pub(super) struct Talk {
    /// By this it is known in a customer's words.
    pub(super) clue: &'static str,
    /// How he begins.
    pub(super) opening: &'static str,
    /// What he may add in the same breath.
    pub(super) more: &'static str,
    /// What a worker may have to ask first, and what the customer says to that.
    pub(super) question: &'static str,
    pub(super) answer: &'static str,
    /// What settles it.
    pub(super) solution: &'static str,
    /// What the back office may be asked, and what it finds.
    pub(super) inquiry: &'static str,
    pub(super) finding: &'static str,
}

/// What everybody says in one language.
#[derive(Debug)]
pub(super) struct Phrases {
    pub(super) talks: [Talk; 5],
    /// A customer who waits.
    pub(super) still_there: &'static str,
    pub(super) thanks: [&'static str; 3],
    /// By this his thanks are known.
    pub(super) thanks_clue: &'static str,
    /// A worker on thanks, and on what he knows nothing about.
    pub(super) welcome: &'static str,
    pub(super) anything: &'static str,
    pub(super) one_moment: &'static str,
    /// What a worker tells a colleague to whom he passes a conversation, or a work item.
    pub(super) handover: &'static str,
    pub(super) yours: &'static str,
    /// Work items of the back office, and what comes with each.
    pub(super) items: [&'static str; 4],
    pub(super) details: &'static str,
}

/// What is said in `tongue`.
pub(super) const fn phrases(tongue: Tongue) -> &'static Phrases {
    match tongue {
        Tongue::English => &ENGLISH,
        Tongue::Hebrew => &HEBREW,
    }
}

/// The language of a text: Hebrew, where it holds a Hebrew letter.
pub(super) fn tongue_of(text: &str) -> Tongue {
    if text.chars().any(|letter| ('א'..='ת').contains(&letter)) { Tongue::Hebrew } else { Tongue::English }
}

/// What a customer's words are about.
pub(super) fn talk_of(text: &str) -> Option<&'static Talk> {
    phrases(tongue_of(text)).talks.iter().find(|talk| text.contains(talk.clue))
}

/// The number of an order in a text.
pub(super) fn order_in(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| digits.len() == 6)
}

/// The product in a text.
pub(super) fn product_in(text: &str) -> Option<&'static str> {
    PRODUCTS.into_iter().find(|product| text.contains(product))
}

/// A sentence about an order and a product.
pub(super) fn fill(sentence: &str, order: &str, product: &str) -> String {
    sentence.replace("{order}", order).replace("{product}", product)
}

static ENGLISH: Phrases = Phrases {
    talks: [
        Talk {
            clue: "where is my order",
            opening: "Hi, where is my order {order}?",
            more: "It was one {product}, paid on Sunday",
            question: "Which address should it go to?",
            answer: "14 Herzl St., Haifa",
            solution: "Order {order} left our warehouse this morning. It arrives on Thursday between 10:00 and 14:00.",
            inquiry: "Where is order {order}? The customer is waiting.",
            finding: "It is on van 12, stop 7: Thursday, 10:00 to 14:00.",
        },
        Talk {
            clue: "refund",
            opening: "I returned the {product} two weeks ago and still have no refund",
            more: "Order {order}, ₪249.90",
            question: "Was it paid by card or by PayPal?",
            answer: "By card, it ends in 4417",
            solution: "The refund of ₪249.90 was approved today. It takes 3 to 5 business days.",
            inquiry: "Please approve the refund of the {product}.",
            finding: "Approved: ₪249.90 to the card.",
        },
        Talk {
            clue: "come in black",
            opening: "Does the {product} come in black?",
            more: "And does it work with 220 V?",
            question: "Is it for home or for a business?",
            answer: "For home",
            solution: "Yes: the {product} comes in black, white and red, and works with 220 V.",
            inquiry: "Do we have the {product} in black?",
            finding: "18 pieces in black, in the Haifa warehouse.",
        },
        Talk {
            clue: "stopped working",
            opening: "My {product} stopped working after 3 months",
            more: "The light blinks 2 times, then nothing",
            question: "What is the serial number on the bottom?",
            answer: "SN 7731-B",
            solution: "It is under warranty: a courier brings you a new {product} and takes the old one along.",
            inquiry: "Is this {product} under warranty?",
            finding: "Yes, until 2027: replace it.",
        },
        Talk {
            clue: "invoice",
            opening: "Please send me the invoice of order {order} again",
            more: "For my accountant, as a PDF",
            question: "Should it go to the e-mail address we have?",
            answer: "Yes please",
            solution: "The invoice of order {order} is on its way to you by e-mail.",
            inquiry: "Please issue the invoice of order {order} again.",
            finding: "Issued and sent.",
        },
    ],
    still_there: "Hello? Is anybody there?",
    thanks: ["Thank you!", "Great, thank you 🙏", "Thank you, have a nice day"],
    thanks_clue: "hank you",
    welcome: "With pleasure. Have a nice day!",
    anything: "Thank you for writing to us. I passed it on, and we will come back to you today.",
    one_moment: "One moment please, I am asking my colleague.",
    handover: "The customer knows that a colleague goes on.",
    yours: "This one is for you.",
    items: [
        "Check the supplier's bill against order {order}",
        "Book the return of a {product}, order {order}",
        "Correct the stock of {product}",
        "Call the courier about order {order}",
    ],
    details: "Order {order}: one {product}, ₪249.90. From the shop's system.",
};

static HEBREW: Phrases = Phrases {
    talks: [
        Talk {
            clue: "איפה ההזמנה",
            opening: "שלום, איפה ההזמנה שלי {order}?",
            more: "הזמנתי {product} אחד, שולם ביום ראשון",
            question: "לאיזו כתובת לשלוח?",
            answer: "הרצל 14, חיפה",
            solution: "הזמנה {order} יצאה מהמחסן הבוקר ותגיע ביום חמישי בין 10:00 ל-14:00.",
            inquiry: "איפה הזמנה {order}? הלקוח מחכה.",
            finding: "ברכב 12, עצירה 7: יום חמישי, 10:00 עד 14:00.",
        },
        Talk {
            clue: "זיכוי",
            opening: "החזרתי את ה-{product} לפני שבועיים ועדיין אין זיכוי",
            more: "הזמנה {order}, ₪249.90",
            question: "שולם בכרטיס או ב-PayPal?",
            answer: "בכרטיס שמסתיים ב-4417",
            solution: "הזיכוי על סך ₪249.90 אושר היום. זה לוקח 3 עד 5 ימי עסקים.",
            inquiry: "נא לאשר זיכוי עבור {product}.",
            finding: "אושר: ₪249.90 לכרטיס.",
        },
        Talk {
            clue: "בשחור",
            opening: "האם יש {product} בשחור?",
            more: "והאם הוא מתאים ל-220V?",
            question: "זה לבית או לעסק?",
            answer: "לבית",
            solution: "כן, ה-{product} קיים בשחור, לבן ואדום ומתאים ל-220V.",
            inquiry: "יש לנו {product} בשחור?",
            finding: "18 יחידות בשחור, במחסן חיפה.",
        },
        Talk {
            clue: "הפסיק לעבוד",
            opening: "ה-{product} שלי הפסיק לעבוד אחרי 3 חודשים",
            more: "הנורה מהבהבת 2 פעמים וזהו",
            question: "מה המספר הסידורי שרשום בתחתית?",
            answer: "SN 7731-B",
            solution: "המוצר באחריות: שליח יביא לך {product} חדש וייקח את הישן.",
            inquiry: "האם ה-{product} הזה באחריות?",
            finding: "כן, עד 2027: להחליף.",
        },
        Talk {
            clue: "חשבונית",
            opening: "אפשר לקבל שוב את החשבונית של הזמנה {order}?",
            more: "לרואה החשבון, בקובץ PDF",
            question: "לשלוח לכתובת המייל שרשומה אצלנו?",
            answer: "כן בבקשה",
            solution: "החשבונית של הזמנה {order} בדרך אליך במייל.",
            inquiry: "נא להפיק שוב חשבונית להזמנה {order}.",
            finding: "הופקה ונשלחה.",
        },
    ],
    still_there: "הלו? יש שם מישהו?",
    thanks: ["תודה רבה!", "מעולה, תודה 🙏", "תודה ויום טוב"],
    thanks_clue: "תודה",
    welcome: "בשמחה, יום נעים!",
    anything: "תודה שפנית אלינו. העברתי את זה הלאה ונחזור אליך עוד היום.",
    one_moment: "רגע אחד בבקשה, אני בודקת עם עמית.",
    handover: "הלקוח יודע שעמית ממשיך.",
    yours: "זה בשבילך.",
    items: [
        "לבדוק את חשבון הספק מול הזמנה {order}",
        "לרשום החזרה של {product}, הזמנה {order}",
        "לתקן את המלאי של {product}",
        "להתקשר לשליח בעניין הזמנה {order}",
    ],
    details: "הזמנה {order}: {product} אחד, ₪249.90. ממערכת החנות.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opening_is_understood_by_those_who_answer() {
        for tongue in [Tongue::English, Tongue::Hebrew] {
            let phrases = phrases(tongue);
            for talk in &phrases.talks {
                let said = fill(talk.opening, "410077", PRODUCTS[0]);
                assert_eq!(tongue_of(&said), tongue);
                assert!(std::ptr::eq(talk_of(&said).unwrap(), talk), "{said} is taken for something else");
                assert!(talk.question.ends_with('?'), "by this the customer knows that he is asked");
                assert!(!talk.solution.ends_with('?') && !phrases.one_moment.ends_with('?'));
                // Whoever answers knows only what was said.
                assert_eq!(order_in(&said), talk.opening.contains("{order}").then_some("410077"));
                assert_eq!(product_in(&said), talk.opening.contains("{product}").then_some(PRODUCTS[0]));
                for answer in [talk.question, talk.solution, talk.inquiry, talk.finding] {
                    for about in ["{order}", "{product}"] {
                        assert!(!answer.contains(about) || talk.opening.contains(about), "{answer}");
                    }
                }
            }
            for thanks in phrases.thanks {
                assert!(thanks.contains(phrases.thanks_clue) && talk_of(thanks).is_none());
            }
        }
    }

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        for tongue in [Tongue::English, Tongue::Hebrew] {
            let phrases = phrases(tongue);
            let of_talks =
                phrases.talks.iter().flat_map(|it| [it.opening, it.more, it.solution, it.inquiry, it.finding]);
            for sentence in of_talks.chain(phrases.items).chain([phrases.details]) {
                let said = fill(sentence, "410077", "AirFry XL");
                assert!(!said.contains(['{', '}']), "{said}");
            }
        }
    }
}
