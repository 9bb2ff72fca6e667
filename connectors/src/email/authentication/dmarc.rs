//! DMARC: does whoever is proven to have sent this stand for the author?
//!
//! Policies are those of RFC 7489, as domains publish them. Which domain speaks for a name is found by walking up the DNS
//! (RFC 9989, 4.10), not by a list of public suffixes, which would be a megabyte that ages. The difference: where an
//! organisation publishes a record for a name below it alone and none for itself, its names are not taken for one.

use super::tags::Tags;
use super::{AUTHORS_MAX, Outcome, Resolver, Unanswered, dkim, name, resolver, spf};

/// Names that are asked on the way up (RFC 9989, 4.10).
const STEPS_MAX: usize = 8;

/// What DMARC says.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) outcome: Outcome,
    /// The author's domain; empty where there is none.
    pub(super) domain: String,
    /// What that domain asks for.
    pub(super) policy: Option<Policy>,
}

impl Checked {
    const fn of_nobody(outcome: Outcome) -> Self {
        Self { outcome, domain: String::new(), policy: None }
    }
}

/// What a domain asks of receivers where the check fails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Policy {
    /// `none`, `quarantine` or `reject`.
    pub(super) wanted: &'static str,
    /// Of how many mails of a hundred.
    pub(super) percent: u8,
}

/// Checks the authors' domains; none in place of what is no domain. Of several the worst counts, for a reader sees one.
pub(super) async fn check(
    authors: &[Option<String>],
    spf: &spf::Checked,
    dkim: &[dkim::Checked],
    resolver: &dyn Resolver,
) -> Checked {
    if AUTHORS_MAX < authors.len() {
        return Checked::of_nobody(Outcome::PermError);
    }
    let mut worst = None;
    for author in authors {
        let checked = match author {
            Some(domain) => one(domain, spf, dkim, resolver).await,
            None => Checked::of_nobody(Outcome::PermError),
        };
        if worst.as_ref().is_none_or(|worst: &Checked| weight(worst.outcome) < weight(checked.outcome)) {
            worst = Some(checked);
        }
    }
    worst.unwrap_or(Checked::of_nobody(Outcome::None))
}

const fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Pass => 0,
        Outcome::None | Outcome::Neutral => 1,
        Outcome::PermError => 2,
        Outcome::TempError => 3,
        Outcome::Fail | Outcome::SoftFail => 4,
    }
}

async fn one(author: &str, spf: &spf::Checked, dkim: &[dkim::Checked], resolver: &dyn Resolver) -> Checked {
    let of = |outcome, policy| Checked { outcome, domain: author.to_owned(), policy };
    let walk = match walk(author, resolver).await {
        Ok(walk) => walk,
        Err(Unanswered) => return of(Outcome::TempError, None),
    };
    let record = match walk.policy_for(author) {
        None => return of(Outcome::None, None),
        Some(Err(Malformed)) => return of(Outcome::PermError, None),
        Some(Ok(record)) => record,
    };
    let policy = record.policy(walk.records.first().is_some_and(|(at, _)| at == author));
    let proofs = dkim.iter().map(|one| (one.outcome, one.domain.as_str(), record.is_strict_dkim));
    let mut open = false;
    for (outcome, domain, is_strict) in proofs.chain([(spf.outcome, spf.domain.as_str(), record.is_strict_spf)]) {
        if !matches!(outcome, Outcome::Pass | Outcome::TempError) {
            continue;
        }
        match is_aligned((author, &walk.organisation), domain, is_strict, resolver).await {
            Ok(true) if outcome == Outcome::Pass => return of(Outcome::Pass, Some(policy)),
            Ok(is_aligned) => open |= is_aligned,
            Err(Unanswered) => open = true,
        }
    }
    of(if open { Outcome::TempError } else { Outcome::Fail }, Some(policy))
}

/// True where the proven domain speaks for the author's.
async fn is_aligned(
    (author, organisation): (&str, &str),
    proven: &str,
    is_strict: bool,
    resolver: &dyn Resolver,
) -> Result<bool, Unanswered> {
    if author == proven {
        return Ok(true);
    }
    // One that lies elsewhere need not be asked for.
    if is_strict || !name::is_within(proven, organisation) {
        return Ok(false);
    }
    Ok(walk(proven, resolver).await?.organisation == organisation)
}

/// What is found on the way up from a name.
struct Walk {
    /// From the name itself up.
    records: Vec<(String, Result<Policies, Malformed>)>,
    /// The name under which all are one.
    organisation: String,
}

impl Walk {
    /// The record that counts for the author: his own, else the organisation's, else that of the registry above it.
    fn policy_for(&self, author: &str) -> Option<Result<&Policies, Malformed>> {
        let at = |wanted: &str| self.records.iter().find(|(name, _)| name == wanted);
        let above = || self.records.last().filter(|(_, record)| record.as_ref().is_ok_and(Policies::is_registry));
        let (_, record) = at(author).or_else(|| at(&self.organisation)).or_else(above)?;
        Some(record.as_ref().map_err(|malformed| *malformed))
    }
}

async fn walk(name: &str, resolver: &dyn Resolver) -> Result<Walk, Unanswered> {
    let mut records: Vec<(String, Result<Policies, Malformed>)> = Vec::new();
    let mut organisation = None;
    let (mut at, mut below) = (name, name);
    for _ in 0..STEPS_MAX {
        let place = format!("_dmarc.{at}");
        // A name that long has no record of its own.
        let texts = if name::is_name(&place) { resolver::texts(resolver, &place, is_one).await? } else { Vec::new() };
        // Where there are several nobody knows which is meant.
        if let [text] = texts.as_slice() {
            let record = Policies::read(text);
            let registry = record.as_ref().map_or(Registry::Unsaid, |record| record.registry);
            let is_top = !at.contains('.');
            if registry == Registry::Yes || !is_top {
                records.push((at.to_owned(), record));
            }
            match registry {
                Registry::No => organisation = Some(at),
                Registry::Yes => organisation = Some(below),
                Registry::Unsaid => {}
            }
            if organisation.is_some() {
                break;
            }
        }
        below = at;
        at = match parent(at) {
            Some(parent) => parent,
            None => break,
        };
    }
    let highest = records.last().map_or(name, |(name, _)| name.as_str());
    let organisation = organisation.unwrap_or(highest).to_owned();
    Ok(Walk { records, organisation })
}

/// The next name up; of a very deep one the seventh from the top, so that eight questions reach it.
fn parent(name: &str) -> Option<&str> {
    let labels = name.split('.').count();
    let skipped = if STEPS_MAX < labels { labels - (STEPS_MAX - 1) } else { 1 };
    let mut rest = name;
    for _ in 0..skipped {
        (_, rest) = rest.split_once('.')?;
    }
    Some(rest)
}

fn is_one(text: &str) -> bool {
    let version = text.split(';').next().and_then(|first| first.split_once('='));
    version.is_some_and(|(name, value)| name.trim() == "v" && value.trim() == "DMARC1")
}

/// It is a record, and says nothing that could be followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Malformed;

/// Whether others register names below this one (`psd`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Registry {
    Yes,
    No,
    Unsaid,
}

/// A record.
#[derive(Debug)]
struct Policies {
    own: &'static str,
    below: &'static str,
    percent: u8,
    is_strict_dkim: bool,
    is_strict_spf: bool,
    registry: Registry,
}

impl Policies {
    fn read(text: &str) -> Result<Self, Malformed> {
        let tags = Tags::read(text).ok_or(Malformed)?;
        let word = |name| tags.get(name).map(str::to_ascii_lowercase);
        let policy = |word: &str| ["none", "quarantine", "reject"].into_iter().find(|known| *known == word);
        let own = word("p").and_then(|word| policy(&word));
        let below = word("sp").map(|word| policy(&word));
        // RFC 7489, 6.6.3: one that wants reports and says nothing else that is usable asks for nothing.
        let (own, below) = match (own, below) {
            (Some(own), None) => (own, own),
            (Some(own), Some(Some(below))) => (own, below),
            _ if tags.get("rua").is_some_and(|reports| reports.contains(':')) => ("none", "none"),
            _ => return Err(Malformed),
        };
        let percent = tags.get("pct").and_then(|text| text.parse().ok()).filter(|percent| *percent <= 100);
        let is_strict = |name| word(name).as_deref() == Some("s");
        let registry = match word("psd").as_deref() {
            Some("y") => Registry::Yes,
            Some("n") => Registry::No,
            _ => Registry::Unsaid,
        };
        let percent = percent.unwrap_or(100);
        let (is_strict_dkim, is_strict_spf) = (is_strict("adkim"), is_strict("aspf"));
        Ok(Self { own, below, percent, is_strict_dkim, is_strict_spf, registry })
    }

    const fn is_registry(&self) -> bool {
        matches!(self.registry, Registry::Yes)
    }

    const fn policy(&self, is_own: bool) -> Policy {
        Policy { wanted: if is_own { self.own } else { self.below }, percent: self.percent }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Zone, ready};
    use super::*;

    fn checked(zone: &str, author: &str, spf: (Outcome, &str), dkim: &[(Outcome, &str)]) -> Checked {
        let spf = spf::Checked { outcome: spf.0, domain: spf.1.into(), of_hello: false };
        let of = |(outcome, domain): &(Outcome, &str)| dkim::Checked {
            outcome: *outcome,
            why: None,
            domain: (*domain).into(),
            selector: "s".into(),
        };
        let dkim: Vec<_> = dkim.iter().map(of).collect();
        let authors: Vec<_> = author.split(' ').map(name::ascii).collect();
        ready(check(&authors, &spf, &dkim, &Zone::of(zone)))
    }

    const ZONE: &str = "
        _dmarc.shop.example TXT v=DMARC1; p=reject; sp=quarantine; pct=50
        _dmarc.strict.shop.example TXT v=DMARC1; p=none; adkim=s; aspf=s
        _dmarc.registry.example TXT v=DMARC1; p=none; psd=y
        _dmarc.a.registry.example TXT v=DMARC1; p=reject
        _dmarc.part.a.registry.example TXT v=DMARC1; p=none; psd=n
        _dmarc.odd.example TXT v=DMARC1; p=all
        _dmarc.reports.example TXT v=DMARC1; p=all; rua=mailto:a@b.example
        _dmarc.twice.example TXT v=DMARC1; p=none
        _dmarc.twice.example TXT v=DMARC1; p=reject
    ";
    const NOT: (Outcome, &str) = (Outcome::None, "");

    #[test]
    fn one_aligned_proof_is_enough() {
        use Outcome::{Fail, Pass, TempError};
        for (author, spf, dkim, expected) in [
            ("shop.example", (Pass, "shop.example"), &[][..], Pass),
            ("shop.example", (Pass, "bounces.shop.example"), &[], Pass),
            ("news.shop.example", NOT, &[(Pass, "shop.example")], Pass),
            ("shop.example", NOT, &[(Fail, "shop.example"), (Pass, "mail.shop.example")], Pass),
            ("shop.example", (Pass, "evil.example"), &[(Pass, "sender.example")], Fail),
            ("shop.example", (Outcome::SoftFail, "shop.example"), &[(Outcome::Neutral, "shop.example")], Fail),
            ("shop.example", (Pass, "notshop.example"), &[(Pass, "example")], Fail),
            ("shop.example", NOT, &[], Fail),
            // What would have counted was not answered.
            ("shop.example", (TempError, "shop.example"), &[], TempError),
            ("shop.example", (TempError, "evil.example"), &[], Fail),
            ("strict.shop.example", (Pass, "shop.example"), &[(Pass, "x.strict.shop.example")], Fail),
            ("strict.shop.example", (Pass, "strict.shop.example"), &[], Pass),
            // The registry's names are of as many owners.
            ("a.registry.example", (Pass, "b.registry.example"), &[(Pass, "registry.example")], Fail),
            ("a.registry.example", (Pass, "x.a.registry.example"), &[], Pass),
            // A part that goes by itself.
            ("part.a.registry.example", (Pass, "a.registry.example"), &[], Fail),
            ("lame.example", (Pass, "lame.example"), &[], TempError),
        ] {
            let found = checked(ZONE, author, spf, dkim);
            assert_eq!((found.outcome, found.domain.as_str()), (expected, author), "{author} {spf:?} {dkim:?}");
        }
    }

    #[test]
    fn what_the_domain_asks_for_is_kept() {
        let asks = |author| checked(ZONE, author, NOT, &[]).policy.map(|policy| (policy.wanted, policy.percent));
        assert_eq!(asks("shop.example"), Some(("reject", 50)));
        assert_eq!(asks("news.shop.example"), Some(("quarantine", 50)));
        assert_eq!(asks("b.registry.example"), Some(("none", 100)));
        assert_eq!((asks("none.example"), asks("odd.example")), (None, None));
    }

    #[test]
    fn records_that_cannot_be_used_are_told_from_none() {
        for (author, expected) in [
            ("none.example", Outcome::None),
            ("twice.example", Outcome::None),
            ("odd.example", Outcome::PermError),
            ("reports.example", Outcome::Fail),
            ("localhost", Outcome::PermError),
        ] {
            assert_eq!(checked(ZONE, author, NOT, &[]).outcome, expected, "{author}");
        }
    }

    #[test]
    fn of_several_authors_the_worst_counts() {
        let spf = (Outcome::Pass, "shop.example");
        assert_eq!(checked(ZONE, "shop.example news.shop.example", spf, &[]).outcome, Outcome::Pass);
        assert_eq!(checked(ZONE, "shop.example none.example", spf, &[]).outcome, Outcome::None);
        assert_eq!(checked(ZONE, "shop.example a.registry.example", spf, &[]).outcome, Outcome::Fail);
        assert_eq!(checked(ZONE, "a.a b.b c.c d.d e.e", spf, &[]).outcome, Outcome::PermError);
    }

    #[test]
    fn a_top_level_domain_makes_nobody_one() {
        let zone = "_dmarc.example TXT v=DMARC1; p=reject";
        assert_eq!(checked(zone, "a.example", (Outcome::Pass, "b.example"), &[]).outcome, Outcome::None);
    }

    #[test]
    fn deep_names_are_reached_in_eight_steps() {
        let deep = format!("{}shop.example", "a.".repeat(30));
        assert_eq!(checked(ZONE, &deep, (Outcome::Pass, "shop.example"), &[]).outcome, Outcome::Pass);
        assert_eq!(parent(&deep), Some("a.a.a.a.a.shop.example"));
    }
}
