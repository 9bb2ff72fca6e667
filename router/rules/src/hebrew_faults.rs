//! What each code of a fault means, in Hebrew: what is wrong, and the cure. The names and numbers of the English message
//! are in the marked part, which is shown beside it.

use crate::fault::Fault;

/// The code, what is wrong, what to do; sorted by code.
pub const HEBREW: &[(&str, &str, &str)] = &[
    ("account_queue", "התור של חשבון אינו כאן", "השאירו את התור, או תנו קודם לחשבון תור אחר בתצורה"),
    ("anchor", "עוגנים וכינויים של YAML אינם נקראים כאן", "כתבו את התוכן במקום שבו משתמשים בו"),
    ("authority_circle", "בסוף המעגל אדם היה ממלא מקום של עצמו", "שברו את המעגל: מי שנעדר מעביר את סמכותו למי שנוכח"),
    ("bad_currency", "זה אינו מטבע", "שלוש אותיות גדולות, למשל ILS"),
    ("bad_date", "זה אינו תאריך", "כתבו כך: 2026-12-31, או 12-25 לכל שנה"),
    ("bad_hours", "אלה אינן שעות פתיחה", "כתבו כך: \"08:00-17:00\", ובלי חפיפה"),
    ("bad_ladder", "השלב אינו מאוחר מן השלב שלפניו", "סדרו את השלבים לפי הזמן"),
    ("bad_name", "זה אינו שם", "השתמשו באותיות, בספרות ובסימנים - _ ."),
    ("bad_word", "אין כאן דבר שאפשר לחפש", "כתבו מילה או צירוף מילים"),
    ("circle", "העבודה הייתה מסתובבת במעגל", "האחרון במעגל ישאיר את העבודה אצלו"),
    ("closed_hours", "הכלל חל רק כשסגור, והתור עובד רק כשפתוח", "נתבו לתור שעובד בשעות האלה, אחרת ההודעות ימתינו"),
    ("condition", "התנאי אינו כתוב נכון", "השוו לדוגמאות: msg.channel == 'webchat' && history.days < 30"),
    ("condition_too_costly", "התנאי יקר מדי לחישוב", "אל תקננו exists או all זה בתוך זה"),
    ("condition_too_deep", "התנאי מקונן מדי", "פרקו אותו לכמה כללים"),
    ("condition_too_large", "התנאי ארוך מדי", "פרקו אותו לכמה כללים, או השתמשו ברשימת מילים"),
    ("duplicate_key", "המפתח מופיע פעמיים", "השאירו אחד מהם"),
    ("empty", "זה ריק", "כתבו תוכן, או מחקו"),
    ("heir", "היורש אינו ייתכן", "תור שאינו קיים עוד יורש אותו תור אחד, ותור קיים אינו מוריש"),
    ("impossible_target", "אי אפשר לעמוד ביעד הזה", "הגדילו את target, או קצרו את offer"),
    ("in_both", "השם מופיע גם בתצורה וגם בכללים", "מחקו אותו באחד מהם"),
    ("limit_order", "הסכומים סותרים זה את זה", "limit אינו גדול מ־day או מסכום הלקוח, ו־four_eyes קטן מ־limit"),
    ("missing_key", "חסר כאן מפתח", "הוסיפו את המפתח החסר"),
    ("missing_target", "לשלב אין יעד זמן", "הוסיפו target, או closes לשלב אחרון"),
    ("never_ends", "תיק שמגיע לשלב הזה לא ייסגר לעולם", "הוסיפו מעבר אל שלב שסוגר אותו"),
    ("never_kept", "שום מעבר אינו מוביל אל השלב שמקיים את ההבטחה", "ציינו ב־kept שלב שהתיק יכול להגיע אליו מכאן"),
    ("never_open", "לוח השעות אינו פתוח לעולם", "תנו שעות ביום אחד לפחות"),
    ("no_criteria", "לטופס אין קריטריונים", "הוסיפו לפחות קריטריון אחד ל־criteria"),
    ("no_disposition", "סיום המשימה של השלב אינו מקדם את התיק", "הוסיפו מעבר עם on: התוצאה של המשימה"),
    ("no_field", "אין שדה כזה לסוג התיק", "כתבו שם של שדה מ־fields"),
    ("no_move", "המעבר אינו מוביל לשום מקום", "הובילו אל שלב אחר; לכפתור נדרש מעבר של customer"),
    ("nobody_agrees", "אין מי שיסכים מיחידה אחרת", "הגדירו לפחות שתי יחידות, ובכל אחת עובדים"),
    ("nobody_approves", "אין מי שיכול לאשר", "תנו סמכות גבוהה יותר למי שמשרת את תור האישורים"),
    ("nobody_reviews", "אין מי שיבקר את העבודה", "תנו לתור הביקורות מי שמשרת אותו, שלא רק יבקר את עצמו"),
    ("not_a_condition", "זה אינו תנאי של כן או לא", "השוו למשהו: msg.text == 'כן'"),
    ("not_here", "זה אינו מותר במקום הזה", "העבירו למקום המתאים, או מחקו"),
    ("not_served", "הקבוצה אינה משרתת את התור הזה", "הוסיפו אותו ל־queues של הקבוצה, או מחקו אותו כאן"),
    ("out_of_range", "המספר מחוץ לתחום", "בחרו מספר בתחום המותר"),
    ("pattern", "התבנית אינה תקינה", "בדקו סוגריים וסימנים מיוחדים"),
    ("placeholder", "אין מציין מקום כזה", "מותר {opens} בהודעת סגור ו־{wait} בהודעת המתנה"),
    ("promise_circle", "ההבטחה מקיימת את עצמה", "ציינו שלב שבא אחריה, או שדה אחר"),
    ("relax", "השלב דורש יותר מהשלב שלפניו", "שלב מוריד רמה או מוותר על מיומנות"),
    ("shadowed", "הכלל לא יחול לעולם: כלל קודם תופס הכול", "הקדימו אותו, או צמצמו את הכלל שלפניו"),
    ("shares", "החלקים השמורים עולים יחד על 100%", "לקבוצה יש 100% מזמנה"),
    ("stage_unreachable", "שום תיק אינו מגיע לשלב הזה", "הוסיפו אליו מעבר, או מחקו אותו"),
    ("stage_unserved", "איש אינו מטפל בתיק בשלב הזה", "תנו לו queue, או מעבר של customer או system"),
    ("tag", "תגיות של YAML אינן נקראות כאן", "טקסט שמתחיל ב־! צריך מירכאות סביב כולו"),
    ("too_deep", "הקינון עמוק מדי", "שום מפתח אינו עמוק כל כך"),
    ("too_heavy", "המשקל של משימה גדול מהקיבולת של כל עובד", "הקטינו את task_weight, או הגדילו קיבולת של עובד"),
    ("too_large", "הקובץ גדול מדי", "צמצמו אותו או פצלו אותו"),
    ("too_long", "הטקסט ארוך מדי", "קצרו אותו"),
    ("too_many", "יש כאן יותר מדי", "צמצמו את המספר"),
    ("twice", "זה מופיע פעמיים", "השאירו אחד מהם"),
    ("unknown_field", "אין שדה כזה", "השדות רשומים במסמך הכללים, וההשלמה מציעה אותם"),
    ("unknown_function", "אין פונקציה כזאת", "יש mentions, open, attribute, amount והפונקציות של CEL"),
    ("unknown_key", "אין מפתח כזה", "ההשלמה מציעה את המפתחות שיש"),
    ("unknown_name", "אין דבר בשם הזה", "בדקו את הכתיב, או הוסיפו אותו"),
    ("unknown_word", "המילה אינה אחת מן המותרות", "ההשלמה מציעה את המותרות"),
    ("unknown_zone", "אין אזור זמן כזה", "כתבו כך: Asia/Jerusalem"),
    ("unreachable", "הכלל לא יחול לעולם", "שנו את הסדר, את המסננים או את התנאי"),
    ("unreadable", "הבדיקה נקטעה", "זו תקלה של Blendline: דווחו על הקובץ"),
    ("unserved", "אין עובד שיכול לעשות את העבודה", "תנו לעובד את המיומנות ברמה הנדרשת, או שנו את הדרישה או את התור"),
    ("unserved_overflow", "העבודה תגלוש לתור שבו איש אינו יכול לעשותה", "תנו שם את המיומנויות, או הקלו ב־relax"),
    ("wrong_call", "כך לא קוראים לפונקציה", "בדקו את הפרמטרים שלה"),
    ("wrong_form", "המבנה כאן אינו הנכון", "בדקו את הדוגמאות במסמך הכללים"),
    ("wrong_side", "התור שייך לצד האחר", "גלישה היא בתוך אותו צד, וחלק שמור הוא לעורף בלבד"),
    ("wrong_type", "הערך אינו מן הסוג הנדרש", "בדקו אם נדרש מספר, טקסט, משך זמן או true/false"),
    ("yaml", "זה אינו YAML תקין", "בדקו הזחה, נקודתיים ומירכאות"),
];

/// What a code means, and the cure.
pub fn of(code: &str) -> Option<(&'static str, &'static str)> {
    let at = HEBREW.binary_search_by_key(&code, |(code, ..)| code).ok()?;
    Some((HEBREW[at].1, HEBREW[at].2))
}

/// Marked parts that are longer say no more than their place does.
const MARKED_CHARS_MAX: usize = 40;

impl Fault {
    /// What is wrong, with the part that is meant, and what to do about it, in Hebrew.
    pub fn in_hebrew(&self) -> (String, &'static str) {
        let Some((what, cure)) = of(self.code) else { return (self.message.clone(), "") };
        let skipped = self.column.saturating_sub(self.text_column);
        let marked: String =
            self.text.chars().skip(skipped).take(self.column_end.saturating_sub(self.column)).collect();
        let marked = marked.trim();
        if marked.is_empty() || MARKED_CHARS_MAX < marked.chars().count() {
            return (what.to_owned(), cure);
        }
        // The part is of any script: marks around it keep it in one piece.
        (format!("{what}: \u{2068}{marked}\u{2069}"), cure)
    }
}
