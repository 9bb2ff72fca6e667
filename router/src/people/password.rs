//! Passwords: what is accepted, how they are hashed (Argon2id), and how they are compared in the same time for everybody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use tokio::sync::{Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization as _;

use super::bench::Bench;
use super::name::folded;
use super::{NoRandomness, random};

/// The fewest bytes of a password.
pub const BYTES_MIN: usize = 10;
/// The most: hashing is slow on purpose, and a long password would make it slower still.
pub const BYTES_MAX: usize = 1024;
/// The fewest different characters.
const DIFFERENT_MIN: usize = 5;
/// How many hashes are computed at once: each holds 19 MiB and a whole processor.
const AT_ONCE: usize = 2;
/// How many wait for that; more are told to come back.
const WAITING_MAX: usize = 64;
/// The passwords that are tried first among those of this length, as [`stem`] leaves them.
const WORST: &str = "\
    abcdefghij abcdefghijk admin administrator adminadmin asdfghjkl baseball blendline changeme changemenow \
    computer correcthorsebatterystaple default dragon football iloveyou internet letmein letmeinplease liverpool \
    login master michael monkey newpassword p@ssw0rd p@ssword pa$$word pass passw0rd password passwordpassword \
    princess q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc qwerty qwertyqwerty qwertyuiop secret starwars sunshine superman \
    supersecret trustno1 user welcome whatever 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc zaq12wsx סיסמה \
    пароль йцукенгшщз";
/// Runs of keys and digits; a password that is a piece of one, however long, is refused.
const RUNS: &[&str] = &["01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz"];

/// Why a password is not accepted for this user; `None` when it is.
pub fn weakness(password: &str, name: &str, tenant: &str) -> Option<&'static str> {
    if password.len() < BYTES_MIN {
        return Some("a password has at least 10 bytes: take four random words");
    }
    if BYTES_MAX < password.len() {
        return Some("a password has at most 1024 bytes");
    }
    let plain = folded(password);
    if [name, tenant].iter().any(|known| folded(known) == plain) {
        return Some("the password is the name: take four random words");
    }
    let mut different: Vec<char> = plain.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT_MIN {
        return Some("the password repeats a few characters: take four random words");
    }
    let stem = stem(&plain);
    let worst =
        WORST.split(' ').any(|known| known == plain || known == stem) || RUNS.iter().any(|run| run.contains(&plain));
    worst.then_some("this password is among the first that everybody tries: take four random words")
}

/// A password without the digits and signs that people add to satisfy a form.
fn stem(plain: &str) -> &str {
    plain.trim_end_matches(|c: char| !c.is_alphabetic())
}

/// A password for the first sign-in: 20 letters and digits that cannot be mistaken for one another, in four groups.
///
/// # Errors
/// When the system gives no random numbers.
pub fn one_time() -> Result<String, NoRandomness> {
    // 32 of them, so five bits choose one without a bias: 100 bits in all.
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";
    let random: [u8; 20] = random()?;
    let mut text = String::with_capacity(23);
    for (index, byte) in random.iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(text)
}

/// Why a hash was not computed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many sign in at this moment")]
    Busy,
    /// The system refuses memory or random numbers.
    #[error("a password could not be hashed")]
    Broken,
}

/// Something to compute.
type Job = Box<dyn FnOnce(&mut Bench) + Send>;

/// Hashes and compares passwords, two at a time, on threads of their own, each with the memory that a hash takes.
pub struct Passwords {
    jobs: mpsc::Sender<Job>,
    line: Arc<Semaphore>,
    nobody: String,
    computed: AtomicU64,
}

impl Passwords {
    /// Ready to work. Computes one hash, which takes some tens of milliseconds.
    ///
    /// # Errors
    /// When the system refuses memory or random numbers.
    pub fn new() -> Result<Self, HashError> {
        let nobody = hex::encode(random::<16>().map_err(|_| HashError::Broken)?);
        let mut first = Bench::default();
        let nobody = first.hash(nobody.as_bytes())?;
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            let (waiting, bench) = (Arc::clone(&waiting), std::mem::take(&mut first));
            let thread = thread::Builder::new().name("passwords".to_owned());
            thread.spawn(move || serve(&waiting, bench)).map_err(|_| HashError::Broken)?;
        }
        let line = Arc::new(Semaphore::new(AT_ONCE + WAITING_MAX));
        Ok(Self { jobs, line, nobody, computed: AtomicU64::new(0) })
    }

    /// The hash of a password, in PHC form, salted.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait.
    pub async fn hash(&self, password: &str) -> Result<String, HashError> {
        let password = password.to_owned();
        self.work(move |bench| bench.hash(canonical(&password).as_bytes())).await
    }

    /// Whether the password is that of `hash`. Without a hash the same work is done and the answer is no, so the time
    /// that an answer takes does not tell whether there is such a user.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait.
    pub async fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool, HashError> {
        let (password, known) = (password.to_owned(), hash.is_some());
        let against = hash.unwrap_or(&self.nobody).to_owned();
        let same = self.work(move |bench| Ok(bench.matches(canonical(&password).as_bytes(), &against))).await?;
        Ok(same && known)
    }

    /// How many hashes were computed so far.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn nobody(&self) -> &str {
        &self.nobody
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Bench) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Arc::clone(&self.line).try_acquire_owned().map_err(|_| HashError::Busy)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("blendline_password_hashes_total").increment(1);
        let (done, outcome) = oneshot::channel();
        let job = move |bench: &mut Bench| {
            // The place travels along: whoever stops waiting does not make room for another hash.
            let _held = place;
            // Nobody may be waiting any more.
            let _ = done.send(work(bench));
        };
        self.jobs.send(Box::new(job)).map_err(|_| HashError::Broken)?;
        outcome.await.map_err(|_| HashError::Broken)?
    }
}

/// Computes one thing after the other until nobody can ask any more. Whoever waits for the next holds the lock; the other
/// works.
fn serve(waiting: &Mutex<mpsc::Receiver<Job>>, mut bench: Bench) {
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(job) = next() {
        job(&mut bench);
    }
}

/// The same password typed on another keyboard may come in another Unicode form.
fn canonical(password: &str) -> String {
    password.nfkc().collect()
}
