//! Personal data as those see it who look after the system and not after its customers: enough to tell two apart.

/// So many digits in a row, whatever stands between them, are somebody's number.
const NUMBER_DIGITS_MIN: usize = 6;
/// So many of them stay.
const DIGITS_SHOWN: usize = 2;
const DOT: char = '•';

/// A name: its first letter.
pub(crate) fn name(name: &str) -> String {
    let first = name.trim().chars().next().map(String::from).unwrap_or_default();
    first + "•••"
}

/// A text without numbers and addresses of people: of each long number the last two digits stay, of each mail address
/// the first letter and the end of its domain.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        match word.split_once('@') {
            Some((local, domain)) if !local.is_empty() && domain.contains('.') => {
                let first: String = local.chars().take(1).collect();
                let end = domain.rsplit('.').next().unwrap_or_default();
                out.push_str(&format!("{first}{DOT}{DOT}{DOT}@{DOT}{DOT}{DOT}.{end}"));
                out.push_str(&piece[word.len()..]);
            }
            _ => out.push_str(piece),
        }
    }
    numbers(&out)
}

/// Hides digits of numbers, also of those that are written in groups.
fn numbers(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = letters.clone();
    let mut at = 0;
    while at < letters.len() {
        if !letters[at].is_numeric() {
            at += 1;
            continue;
        }
        let end = end_of_number(&letters, at);
        let digits: Vec<usize> = (at..end).filter(|index| letters[*index].is_numeric()).collect();
        if NUMBER_DIGITS_MIN <= digits.len() {
            let hidden = digits.len() - DIGITS_SHOWN;
            digits.iter().take(hidden).for_each(|index| out[*index] = DOT);
        }
        at = end;
    }
    out.into_iter().collect()
}

/// Where a number ends that begins at `at`: digits, with at most one sign between two of them.
fn end_of_number(letters: &[char], at: usize) -> usize {
    let is_sign = |letter: char| matches!(letter, ' ' | '-' | '–' | '.' | '/' | '(' | ')');
    let mut end = at;
    while let Some(letter) = letters.get(end) {
        let goes_on =
            letter.is_numeric() || (is_sign(*letter) && letters.get(end + 1).is_some_and(|next| next.is_numeric()));
        if !goes_on {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_are_hidden_and_words_are_not() {
        for (said, shown) in [
            ("התקשרו ל־050-123-4567 בבקשה", "התקשרו ל־•••-•••-••67 בבקשה"),
            ("mail noa.levi@example.co.il now", "mail n•••@•••.il now"),
            ("card 4580 1234 5678 9012.", "card •••• •••• •••• ••12."),
            ("order 10482, 2 pieces", "order 10482, 2 pieces"),
            ("a@b", "a@b"),
            ("", ""),
        ] {
            assert_eq!(text(said), shown);
        }
        assert_eq!(name("נועה לוי"), "נ•••");
    }
}
