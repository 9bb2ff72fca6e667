//! Hebrew in visual order: ISO-8859-8 without a suffix is nominally written as it was shown, the last letter first.

/// The text in logical order, if its lines show that it is not.
pub(super) fn to_logical(text: &str) -> String {
    if is_visual(text) { text.lines().map(line_to_logical).collect::<Vec<_>>().join("\n") } else { text.to_owned() }
}

/// Five letters have another form at the end of a word: where words begin with it, they are written backwards.
/// Without any, a sentence's punctuation before its first word tells.
fn is_visual(text: &str) -> bool {
    let (mut at_start, mut at_end) = (0, 0);
    for word in text.split(|c: char| !is_hebrew(c)).filter(|word| 1 < word.chars().count()) {
        at_start += usize::from(word.starts_with(is_final));
        at_end += usize::from(word.ends_with(is_final));
    }
    if at_start + at_end != 0 {
        return at_end < at_start;
    }
    let is_stop = |c: char| matches!(c, '.' | ',' | '!' | '?' | ':');
    let lines = || text.lines().map(str::trim).filter(|line| line.contains(is_hebrew));
    let before = lines().filter(|line| line.starts_with(is_stop)).count();
    before != 0 && lines().filter(|line| line.ends_with(is_stop)).count() < before
}

fn is_hebrew(c: char) -> bool {
    ('\u{5d0}'..='\u{5ea}').contains(&c)
}

fn is_final(c: char) -> bool {
    matches!(c, 'ך' | 'ם' | 'ן' | 'ף' | 'ץ')
}

/// Turns a line round and leaves numbers and Latin words as they are.
fn line_to_logical(line: &str) -> String {
    if !line.contains(is_hebrew) {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    // Latin letters and digits, read backwards, with what stands between them.
    let mut forward = Vec::new();
    let mut between = Vec::new();
    for c in line.chars().rev() {
        if c.is_alphanumeric() && !is_hebrew(c) {
            forward.append(&mut between);
            forward.push(c);
        } else if !forward.is_empty() && !is_hebrew(c) && matches!(c, '.' | ',' | ':' | '/' | '-' | '@' | '_' | '%') {
            between.push(c);
        } else {
            out.extend(forward.drain(..).rev());
            out.extend(between.drain(..));
            out.push(mirrored(c));
        }
    }
    out.extend(forward.drain(..).rev());
    out.extend(between.drain(..));
    out
}

const fn mirrored(c: char) -> char {
    match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visual_lines_are_turned_round() {
        assert_eq!(to_logical("םולש"), "שלום");
        assert_eq!(to_logical(".העיגה אל 12345 רפסמ ילש הנמזהה ,םולש"), "שלום, ההזמנה שלי מספר 12345 לא הגיעה.");
        assert_eq!(to_logical("(תודה) dana@example.org םע"), "עם dana@example.org (הדות)");
    }

    #[test]
    fn logical_lines_stay() {
        for text in ["שלום, ההזמנה לא הגיעה.", "Hello", "", "תודה", "שלום\r\nעולם"] {
            assert_eq!(to_logical(text), text);
        }
    }
}
