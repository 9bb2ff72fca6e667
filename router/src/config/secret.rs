//! Secrets: read from where they lie, and refused when anybody could guess them.

use std::path::Path;

/// The fewest bytes of a secret outside the demo.
const SECRET_BYTES_MIN: usize = 16;
/// What to do about a weak one.
pub(super) const CURE: &str = "give the platform's own, or 32 random characters (openssl rand -hex 16)";
/// The published secrets of the demo begin with this.
pub const DEMO_PREFIX: &str = "blendline-demo-";
/// The SHA-256 of the demo's published keys.
pub(super) const PUBLISHED_KEYS: &[&str] = &[
    "b9ec88627e3ae2485ff129e3ba5072e5149ef2da463aa0ae26077fc902ac7f5d",
    "befcc862f48d2ee49b483a1ebe38d5754494731dbcbdf9974f08c9e1c668cae6",
    "ade9db17bb4fcf6518061a9e672e6a53cd477a6de588340edc2aca10c18d631a",
    "23c037c93a32c37f0cec121041c40dddbbec213107d02a11139c1163a4904e53",
];
/// Words that people leave in place.
const LEFT_IN_PLACE: &[&str] = &["changeme", "change-me", "change_me", "secret", "password", "example", "test", "todo"];

/// What an `env:NAME` or `file:PATH` stands for; other text stands for itself.
///
/// The error is a message and a hint; neither holds the secret.
pub(super) fn fetch(written: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, (String, String)> {
    if let Some(name) = written.strip_prefix("env:") {
        return env(name).ok_or_else(|| {
            (format!("the environment variable {name} is not set"), format!("set it: export {name}=…"))
        });
    }
    let Some(path) = written.strip_prefix("file:") else {
        return Ok(written.to_owned());
    };
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| {
        (format!("the file {path} cannot be read: {error}"), "check the path and who may read it".to_owned())
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Why a secret is too weak to be believed; `None` when it is not.
pub(super) fn weakness(secret: &str, demo: bool) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    if LEFT_IN_PLACE.contains(&lower.as_str()) {
        return Some("this secret is a word that everybody tries first");
    }
    if demo {
        return None;
    }
    if secret.len() < SECRET_BYTES_MIN {
        return Some("this secret has fewer than 16 bytes");
    }
    secret.starts_with(DEMO_PREFIX).then_some("this secret is published: it is the demo's")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_where_it_lies() {
        let env = |name: &str| (name == "A").then(|| "from-env".to_owned());
        assert_eq!(fetch("plain", &env), Ok("plain".into()));
        assert_eq!(fetch("env:A", &env), Ok("from-env".into()));
        assert_eq!(fetch("env:B", &env).unwrap_err().0, "the environment variable B is not set");
        assert!(
            fetch("file:/nonexistent/x", &env).unwrap_err().0.starts_with("the file /nonexistent/x cannot be read")
        );
    }

    #[test]
    fn weak_secrets_are_refused() {
        assert!(weakness("changeme", true).is_some());
        assert!(weakness("short", false).is_some());
        assert!(weakness("short", true).is_none());
        assert!(weakness("blendline-demo-app-secret", false).is_some());
        assert!(weakness("0123456789abcdef", false).is_none());
    }
}
