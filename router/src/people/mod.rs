//! People who sign in: their names, passwords and sessions, and what slows down whoever guesses.
//!
//! Suggested reading order: [`name`], [`password`], [`session`], [`throttle`], [`audit`], [`gate`], [`company`].

pub mod audit;
mod bench;
pub mod company;
pub mod gate;
pub mod name;
pub mod password;
pub mod session;
#[cfg(test)]
mod tests;
pub mod throttle;

pub use gate::{Gate, NewUser, Refused, SignIn, SignedIn};

/// Bytes that nobody can guess, from the system.
///
/// # Errors
/// When the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// The system gave no random numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;
