//! Makes a recorded day, for `blendline rules replay`: so many messages in so many seconds, from a seed.
//!
//! `cargo run -p blendline-rules --example day -- MESSAGES SECONDS SEED [WORK_S] > day.jsonl`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool that cannot go on says so by ending")]

use blendline_rules::replay::{Arrival, Day};
use blendline_wire::Millis;
use blendline_wire::time::Instant;

/// What customers say, in the languages of the examples.
const TEXTS: &[&str] = &[
    "שלום, רציתי לשאול מה שעות הפתיחה",
    "מתי אקבל את ההחזר על ההזמנה?",
    "אין אינטרנט מהבוקר ואני עובד מהבית",
    "כמה זה עולה? יש במלאי?",
    "אני רוצה לבטל את המנוי",
    "קיבלתי חשבונית לא נכונה, הסכום כפול",
    "נגנב לי הכרטיס, בבקשה לחסום",
    "איך קובעים תור לרופא עור?",
    "כבר שלוש פעמים שהתוצאות של בדיקות הדם לא מגיעות",
    "העגבניות הגיעו מקולקל, צריך החלפה",
    "אפשר להזמין עוד שני ארגזים?",
    "הנחה בארנונה לסטודנטים",
    "יש בור בכביש מול הבית",
    "أريد استرداد المبلغ من فضلك",
    "متى يصل الطلب؟",
    "فاتورة الشهر الماضي غير صحيحة",
    "нет интернета второй день",
    "Здравствуйте, хочу записаться на приём",
    "Hello, where is my order?",
    "I would like my money back",
    "Is the blue one in stock?",
    "תודה רבה",
];
const CHANNELS: &[&str] = &["whatsapp_cloud", "whatsapp_cloud", "whatsapp_cloud", "webchat", "webchat", "email_raw"];
/// A Tuesday, eight in the morning in Jerusalem.
const BEGIN: Millis = Millis(1_795_500_000_000);

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

fn main() {
    let number = |text: String| text.parse::<u64>().unwrap();
    let args: Vec<u64> = std::env::args().skip(1).map(number).collect();
    let [messages, seconds, seed, ..] = args[..] else {
        println!("day MESSAGES SECONDS SEED [WORK_S]");
        return;
    };
    let work_s = args.get(3).copied().unwrap_or(180);
    let mut draws = Draws(seed);
    let mut arrivals: Vec<Arrival> = (0..messages)
        .map(|_| {
            let image = draws.below(12) == 0;
            Arrival {
                at: Instant(BEGIN.plus(draws.below(seconds * 1_000))),
                channel: CHANNELS[draws.below(CHANNELS.len() as u64) as usize].to_owned(),
                account: "main".to_owned(),
                text: TEXTS[draws.below(TEXTS.len() as u64) as usize].to_owned(),
                files: if image { vec!["image".to_owned()] } else { Vec::new() },
                days: (draws.below(2) == 0).then(|| draws.below(60) as u16),
                work_ms: work_s * 500 + draws.below(work_s * 1_000),
                left_after_ms: (draws.below(8) == 0).then(|| 60_000 + draws.below(540_000)),
            }
        })
        .collect();
    arrivals.sort_by_key(|arrival| arrival.at.0);
    Day { arrivals, shifts: Vec::new() }.write(&mut std::io::stdout().lock()).unwrap();
}
