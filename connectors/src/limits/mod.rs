//! How fast we may send: per account and per recipient, from the channel's capabilities, in this process.
//!
//! Staying under the platform's limits is kinder than running into them: WhatsApp answers 130429 and 131056, and a
//! number that keeps running into them is slowed further.

mod clock;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blendline_wire::capability::Capabilities;
use blendline_wire::{AccountId, Millis};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use self::clock::{At, GivenClock};
use crate::{Account, Setting, SettingKind};

/// Bounds that keep the limiter's arithmetic (nanoseconds in 64 bits) from overflowing.
const PERIOD_MS_MAX: u64 = 86_400_000;
const BURST_MAX: u32 = 100_000;
const NOW_MAX: Millis = Millis(9_000_000_000_000);

/// Instants this much older than the newest are callers on different threads; older ones are a clock set back.
const BACKWARDS_MS_MAX: u64 = 10_000;

/// The settings that override a channel's rates, for the table of every channel that sends.
pub const SETTINGS: [Setting; 3] = [
    Setting {
        name: "account_rate_per_second",
        kind: SettingKind::Number,
        doc: "messages per second this account may send, where the platform granted more or less than usual",
        ..Setting::TEXT
    },
    Setting {
        name: "recipient_burst",
        kind: SettingKind::Number,
        doc: "messages one recipient may get at once before the period below applies",
        ..Setting::TEXT
    },
    Setting {
        name: "recipient_period_ms",
        kind: SettingKind::Number,
        doc: "milliseconds in which one recipient's allowance grows by one message",
        ..Setting::TEXT
    },
];

/// The rates of one account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rates {
    /// Messages per second of the account.
    pub account_per_second: u32,
    /// Messages one recipient may get at once.
    pub recipient_burst: u32,
    /// Milliseconds in which one recipient's allowance grows by one message.
    pub recipient_period_ms: u64,
}

impl Rates {
    /// What the channel allows, changed by what the account's settings say.
    pub fn of(account: &Account, capabilities: &Capabilities) -> Self {
        let number = |name: &str| account.setting(name).and_then(|text| text.parse::<u32>().ok());
        let (messages, per_seconds) = capabilities.recipient_rate;
        let period_ms = u64::from(per_seconds) * 1000 / u64::from(messages.max(1));
        Self {
            account_per_second: number("account_rate_per_second").unwrap_or(capabilities.account_rate_per_second),
            recipient_burst: number("recipient_burst").unwrap_or(messages),
            recipient_period_ms: number("recipient_period_ms").map_or(period_ms, u64::from),
        }
    }
}

/// The limiters of every account that sends from this process.
#[derive(Default)]
pub struct Limits {
    accounts: Mutex<BTreeMap<AccountId, AccountLimits>>,
    clock: GivenClock,
}

impl Limits {
    /// No account yet; each is added by its first check.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one message's worth of both allowances, or says how many milliseconds to wait and takes nothing.
    ///
    /// `recipient` is a hash of the recipient's address: addresses do not live here.
    /// Rates that changed since the last check start afresh.
    pub fn check(&self, account: &Account, rates: Rates, recipient: u64, now: Millis) -> Result<(), u64> {
        let mut accounts = self.at(now);
        let limits = accounts.entry(account.id).or_insert_with(|| AccountLimits::new(rates, &self.clock));
        if limits.rates != rates {
            *limits = AccountLimits::new(rates, &self.clock);
        }
        limits.check(recipient, self.clock.now())
    }

    /// Forgets recipients whose allowance is full again; without it memory grows with every recipient ever written to.
    /// Call it about once a minute.
    pub fn retain_recent(&self, now: Millis) {
        let mut accounts = self.at(now);
        for limits in accounts.values_mut() {
            limits.recipients.retain_recent();
            limits.recipients.shrink_to_fit();
            limits.paid.retain(|_, until| now < *until);
        }
    }

    /// Sets the clock and opens the accounts.
    ///
    /// A clock set back would leave every allowance in the future and stop all sending, so the limiters start afresh.
    fn at(&self, now: Millis) -> MutexGuard<'_, BTreeMap<AccountId, AccountLimits>> {
        // A panic elsewhere cannot leave a limiter half changed, so a poisoned lock is as good as another.
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.min(NOW_MAX);
        let newest = self.clock.now().millis();
        if now.plus(BACKWARDS_MS_MAX) < newest {
            accounts.clear();
        }
        if newest < now || accounts.is_empty() {
            self.clock.set(now);
        }
        accounts
    }

    /// How many recipients are remembered, for the metrics.
    pub fn recipients(&self) -> usize {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.values().map(|limits| limits.recipients.len()).sum()
    }
}

type Keyed = RateLimiter<u64, DefaultKeyedStateStore<u64>, GivenClock, NoOpMiddleware<At>>;
type Single = RateLimiter<NotKeyed, InMemoryState, GivenClock, NoOpMiddleware<At>>;

struct AccountLimits {
    rates: Rates,
    account: Single,
    recipients: Keyed,
    /// Recipients whose allowance was taken although the account then had none, and until when that counts.
    /// The limiter cannot give back what it took, so the next check of these does not take it again.
    paid: BTreeMap<u64, Millis>,
}

impl AccountLimits {
    fn new(rates: Rates, clock: &GivenClock) -> Self {
        let account = Quota::per_second(at_least_one(rates.account_per_second));
        let period_ms = rates.recipient_period_ms.clamp(1, PERIOD_MS_MAX);
        let recipient = Quota::with_period(Duration::from_millis(period_ms))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(at_least_one(rates.recipient_burst.min(BURST_MAX)));
        Self {
            rates,
            account: RateLimiter::new(account, InMemoryState::default(), clock.clone()),
            recipients: RateLimiter::new(recipient, DefaultKeyedStateStore::default(), clock.clone()),
            paid: BTreeMap::new(),
        }
    }

    fn check(&mut self, recipient: u64, now: At) -> Result<(), u64> {
        let has_paid = self.paid.get(&recipient).is_some_and(|until| now.millis() < *until);
        if !has_paid {
            self.recipients.check_key(&recipient).map_err(|not| wait_ms(not.wait_time_from(now)))?;
        }
        if let Err(not) = self.account.check() {
            self.paid.insert(recipient, now.millis().plus(PERIOD_MS_MAX));
            return Err(wait_ms(not.wait_time_from(now)));
        }
        self.paid.remove(&recipient);
        Ok(())
    }
}

/// Rounded up: a millisecond early would be refused again.
fn wait_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Millis = Millis(1_700_000_000_000);
    const RATES: Rates = Rates { account_per_second: 80, recipient_burst: 45, recipient_period_ms: 6000 };

    fn account(settings: &[(&str, &str)]) -> Account {
        Account {
            id: AccountId(1),
            name: String::new(),
            external_id: String::new(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect(),
        }
    }

    #[test]
    fn a_recipient_gets_a_burst_and_then_one_per_period() {
        let (limits, account) = (Limits::new(), account(&[]));
        for _ in 0..45 {
            assert_eq!(limits.check(&account, RATES, 7, START), Ok(()));
        }
        assert_eq!(limits.check(&account, RATES, 7, START), Err(6000));
        assert_eq!(limits.check(&account, RATES, 8, START), Ok(()), "another recipient is not held up");
        assert_eq!(limits.check(&account, RATES, 7, START.plus(5999)), Err(1));
        assert_eq!(limits.check(&account, RATES, 7, START.plus(6000)), Ok(()));
        assert_eq!(limits.check(&account, RATES, 7, START.plus(6000)), Err(6000));
    }

    #[test]
    fn an_account_has_its_own_rate() {
        let (limits, account) = (Limits::new(), account(&[]));
        for recipient in 0..80 {
            assert_eq!(limits.check(&account, RATES, recipient, START), Ok(()));
        }
        assert_eq!(limits.check(&account, RATES, 99, START), Err(13));
        assert_eq!(limits.check(&account, RATES, 99, START.plus(13)), Ok(()));
    }

    #[test]
    fn a_wait_for_the_account_costs_the_recipient_nothing() {
        let (limits, account) = (Limits::new(), account(&[]));
        let rates = Rates { account_per_second: 1, recipient_burst: 2, recipient_period_ms: 3_600_000 };
        assert_eq!(limits.check(&account, rates, 1, START), Ok(()));
        for _ in 0..10 {
            assert_eq!(limits.check(&account, rates, 2, START), Err(1000));
        }
        assert_eq!(limits.check(&account, rates, 2, START.plus(1000)), Ok(()));
        assert_eq!(limits.check(&account, rates, 2, START.plus(2000)), Ok(()));
        assert_eq!(limits.check(&account, rates, 2, START.plus(3000)), Err(3_597_000));
    }

    #[test]
    fn what_is_full_again_is_forgotten() {
        let (limits, account) = (Limits::new(), account(&[]));
        for recipient in 0..50 {
            assert_eq!(limits.check(&account, RATES, recipient, START), Ok(()));
        }
        limits.retain_recent(START.plus(1000));
        assert_eq!(limits.recipients(), 50);
        limits.retain_recent(START.plus(60_000));
        assert_eq!(limits.recipients(), 0);
    }

    #[test]
    fn a_clock_set_back_does_not_stop_sending() {
        let (limits, account) = (Limits::new(), account(&[]));
        let rates = Rates { account_per_second: 1, ..RATES };
        assert_eq!(limits.check(&account, rates, 1, START.plus(3_600_000)), Ok(()));
        assert_eq!(limits.check(&account, rates, 1, START), Ok(()));
        assert_eq!(limits.check(&account, rates, 1, START), Err(1000));
    }

    #[test]
    fn settings_override_and_extremes_do_not_overflow() {
        let limits = Limits::new();
        let account = account(&[("recipient_burst", "4294967295"), ("recipient_period_ms", "4294967295")]);
        let rates = Rates { account_per_second: 0, ..Rates::of(&account, &capabilities()) };
        assert_eq!(rates.recipient_burst, u32::MAX);
        assert_eq!(limits.check(&account, rates, 1, Millis(0)), Ok(()));
        assert!(limits.check(&account, rates, 1, Millis(0)).is_err());
        assert_eq!(limits.check(&account, rates, 1, Millis::MAX), Ok(()));
        limits.retain_recent(Millis::MAX);
    }

    #[test]
    fn a_rate_of_the_capabilities_is_a_burst_and_a_period() {
        assert_eq!(Rates::of(&account(&[]), &capabilities()), RATES);
    }

    fn capabilities() -> Capabilities {
        Capabilities {
            text_chars_max: 1,
            window_ms: None,
            idempotent_send: false,
            commit_is_send: false,
            reports_delivery: false,
            templates: false,
            buttons: false,
            reactions: false,
            edits: false,
            public: false,
            account_rate_per_second: 80,
            recipient_rate: (45, 270),
            body_bytes_max: 1,
            media_bytes_max: &[],
        }
    }
}
