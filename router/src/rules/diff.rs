//! The lines in which two texts differ, for the audit log and for whoever publishes.

/// How many lines around a change are shown.
const AROUND: usize = 2;
/// Beyond this much work the middle is shown as replaced whole.
const CELLS_MAX: usize = 4_000_000;
/// How much of a difference is kept.
const LINES_MAX: usize = 2_000;

/// Lines of `after` marked `+`, of `before` marked `-`, and a few around them; `@` lines give the line in `after`.
pub fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let rest = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
    let (old_middle, new_middle) = (&old[same_start..old.len() - same_end], &new[same_start..new.len() - same_end]);
    let mut edits: Vec<(char, &str)> = old[..same_start].iter().map(|line| (' ', *line)).collect();
    edits.extend(middle(old_middle, new_middle));
    edits.extend(old[old.len() - same_end..].iter().map(|line| (' ', *line)));
    shown(&edits)
}

/// The longest common lines stay, the others go or come.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    if CELLS_MAX < (old.len() + 1) * (new.len() + 1) {
        return old.iter().map(|line| ('-', *line)).chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            common[i * width + j] = if one == other {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut edits = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i * width + j + 1] <= common[(i + 1) * width + j]) {
            edits.push(('-', old[i]));
            i += 1;
        } else {
            edits.push(('+', new[j]));
            j += 1;
        }
    }
    edits
}

fn shown(edits: &[(char, &str)]) -> String {
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        edits[from..(at + AROUND + 1).min(edits.len())].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut out = String::new();
    let (mut line, mut lines, mut gap) = (0_usize, 0, true);
    for (at, (mark, text)) in edits.iter().enumerate() {
        line += usize::from(*mark != '-');
        if !near(at) {
            gap = true;
            continue;
        }
        if LINES_MAX <= lines {
            out.push_str("…\n");
            break;
        }
        if std::mem::take(&mut gap) {
            out.push_str(&format!("@ {}\n", line.max(1)));
        }
        out.push(*mark);
        out.push_str(text);
        out.push('\n');
        lines += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_and_a_little_around_it_is_shown() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let after = "a\nb\nc\nD\ne\nf\ng\nh\ni\n";
        assert_eq!(diff(before, after), "@ 2\n b\n c\n-d\n+D\n e\n f\n g\n h\n+i\n");
        assert_eq!(diff("", "a\n"), "@ 1\n+a\n");
        assert_eq!(diff("a\n", ""), "@ 1\n-a\n");
        assert_eq!(diff("a\n", "a\n"), "");
    }
}
