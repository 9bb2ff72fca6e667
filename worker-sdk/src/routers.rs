//! Which router to connect to: the given ones in turn, or the one that another named.

use crate::error::RunError;
use crate::link::Address;

/// The routers of one installation.
pub(crate) struct Routers {
    key: String,
    given: Vec<Address>,
    /// Which of the given ones is tried now.
    turn: usize,
    /// The one that another router named; it wins until it fails.
    named: Option<Address>,
    /// The host of a named one that failed.
    failed: Option<String>,
    /// False when we were told to go where we could not: we are then connected through whoever told us.
    follows: bool,
    /// How many in a row could not be reached or did not serve.
    failed_in_a_row: usize,
}

impl Routers {
    /// Checks every URL and the key before anything is sent.
    pub(crate) fn new(urls: &[String], key: &str) -> Result<Self, RunError> {
        let given = urls.iter().map(|url| Address::new(url, key)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { key: key.to_owned(), given, turn: 0, named: None, failed: None, follows: true, failed_in_a_row: 0 })
    }

    /// Where to connect now.
    pub(crate) fn current(&self) -> Address {
        // A runtime is built with one router at least.
        let current = self.named.as_ref().unwrap_or(&self.given[self.turn % self.given.len()]).clone();
        if self.follows { current.following() } else { current }
    }

    /// The current one cannot be reached or does not serve: the next is tried. True when that is one which was tried a
    /// moment ago: it is time to wait. Between two waits each is tried once, so that with one of them away nobody waits
    /// in vain for the others.
    pub(crate) fn next(&mut self) -> bool {
        self.follows = true;
        self.failed_in_a_row += 1;
        match self.named.take() {
            Some(named) => self.failed = Some(named.host()),
            None => self.turn = (self.turn + 1) % self.given.len(),
        }
        self.failed_in_a_row.is_multiple_of(self.given.len())
    }

    /// A connection came about.
    pub(crate) fn reached(&mut self) {
        self.failed_in_a_row = 0;
    }

    /// The current one named another. False when that is no address to trust our key to: no router, or one without TLS
    /// while we came with it.
    pub(crate) fn named(&mut self, url: &str) -> bool {
        let known = Address::new(url, &self.key).ok().filter(|new| new.is_secure() || !self.current().is_secure());
        let trusted = known.is_some();
        let host = known.as_ref().map(Address::host);
        if trusted && host == self.failed {
            // An address of theirs among themselves, perhaps.
            self.failed = None;
            self.follows = false;
        } else {
            self.named = known;
        }
        trusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routers(urls: &[&str]) -> Routers {
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        Routers::new(&urls, "key").unwrap()
    }

    #[test]
    fn they_are_tried_in_turn_and_a_named_one_wins_until_it_fails() {
        let mut routers = routers(&["http://a", "http://b"]);
        let mut seen = vec![routers.current().host()];
        routers.next();
        seen.push(routers.current().host());
        assert!(routers.named("http://c:1"));
        seen.push(routers.current().host());
        routers.next();
        seen.push(routers.current().host());
        routers.next();
        seen.push(routers.current().host());
        assert_eq!(seen, ["a", "b", "c:1", "b", "a"]);
    }

    #[test]
    fn all_are_tried_before_it_is_waited() {
        let mut three = routers(&["http://a", "http://b", "http://c"]);
        assert_eq!([three.next(), three.next(), three.next(), three.next()], [false, false, true, false]);
        three.reached();
        assert_eq!([three.next(), three.next(), three.next()], [false, false, true]);
        assert!(routers(&["http://a"]).next());
    }

    #[test]
    fn whoever_cannot_go_there_is_connected_through_another() {
        let mut routers = routers(&["http://a"]);
        assert!(routers.named("http://inside:1"));
        assert!(routers.current().follows());
        routers.next();
        assert!(routers.current().follows(), "it may be another by now");
        assert!(routers.named("http://inside:1"));
        assert_eq!((routers.current().host().as_str(), routers.current().follows()), ("a", false));
        routers.next();
        assert!(routers.current().follows());
    }

    #[test]
    fn a_key_that_came_over_tls_never_goes_without() {
        let mut secure = routers(&["https://a"]);
        assert!(!secure.named("http://b"));
        assert_eq!(secure.current().host(), "a");
        assert!(secure.named("https://b"));
        assert!(!routers(&["http://a"]).named("nonsense"));
    }
}
