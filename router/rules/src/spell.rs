//! The name that was probably meant.

/// A hint for a name that is not among the known ones: the nearest, or all while they are few.
pub fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    // A slip is one or two letters, or a third of a long name.
    let most = (name.chars().count() / 3).max(2);
    let nearest = known.iter().map(|one| (distance(name, one), *one)).min().filter(|(far, _)| *far <= most);
    match nearest {
        Some((_, nearest)) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => "there is none yet".to_owned(),
        None => {
            let shown = known.iter().take(12).map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
            let more = if 12 < known.len() { ", …" } else { "" };
            format!("there is: {shown}{more}")
        }
    }
}

/// Letters to insert, remove, replace or swap to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().take(64).collect(), other.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = row[j] + usize::from(a.to_lowercase().ne(b.to_lowercase()));
            let mut best = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if 0 < i && 0 < j && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        let known = || ["channel", "account", "language", "text"].into_iter();
        assert_eq!(did_you_mean("chanel", known()), "did you mean `channel`?");
        assert_eq!(did_you_mean("txet", known()), "did you mean `text`?");
        assert_eq!(did_you_mean("weight", ["a", "b"].into_iter()), "there is: `a`, `b`");
        assert_eq!(did_you_mean("x", std::iter::empty()), "there is none yet");
    }
}
