use super::super::{Config, ConfigError};

const GOOD: &str = r#"
[mail]
listen = "127.0.0.1:2525"
hostname = "mail.example.com"

[[tenant]]
name = "acme"

[[tenant.queue]]
name = "service"
side = "front"

[[tenant.account]]
name = "support"
channel = "email_raw"
external_id = "support@example.com"
queue = "service"

[tenant.account.settings]
addresses = ["help@example.com", "info@example.com"]
smtp_server = "mail.example.com:587"
smtp_user = "support"
smtp_password = "short, pass"
imap_server = "mail.example.com"
imap_user = "support"
imap_password = "short, pass"
imap_since = "2026-11-26"

[[tenant.account]]
name = "sales"
channel = "email_raw"
external_id = "sales@example.com"
queue = "service"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("acme.toml", text, &|_| None)
}

#[test]
fn without_a_word_there_is_no_listener() {
    assert!(parse("").unwrap().mail.listen.is_none());
    let mail = parse(GOOD).unwrap().mail;
    assert_eq!(mail.listen.unwrap().port(), 2525);
    assert_eq!((mail.terms.hostname.as_str(), mail.terms.size_max), ("mail.example.com", 26_214_400));
}

#[test]
fn each_mistake_has_its_place_and_cure() {
    for (from, to, key, message, hint) in [
        ("\"127.0.0.1:2525\"", "\"localhost\"", "mail.listen", "this is no address to listen on", "0.0.0.0:25"),
        ("\"mail.example.com\"\n\n", "\"\"\n\n", "mail.hostname", "the listener has no hostname", "MX record"),
        (
            "[mail]",
            "[mail]\ncertificate = \"/nonexistent/a.pem\"",
            "mail.certificate",
            "certificate and key belong together",
            "give both",
        ),
        (
            "[mail]",
            "[mail]\ncertificate = \"/nonexistent/a.pem\"\nkey = \"/nonexistent/b.pem\"",
            "mail.certificate",
            "/nonexistent/a.pem cannot be used",
            "the whole chain",
        ),
        ("[mail]", "[mail]\nsize_max = 10", "mail.size_max", "10 is too little", "at least 65536"),
        ("[mail]", "[mail]\nbuffer_bytes_max = 100000", "mail.buffer_bytes_max", "too little", "at least 26214400"),
        (
            "\"sales@example.com\"",
            "\"Help@example.com\"",
            "tenant.account.name",
            "the accounts `support` and `sales` have an address in common",
            "one account",
        ),
        ("\"sales@example.com\"", "\"sales\"", "tenant.account.name", "external_id is no mail address", "support@"),
        ("imap_user = \"support\"\n", "", "tenant.account.name", "settings.imap_user", "leave out imap_server"),
        ("smtp_password = \"short, pass\"\n", "", "tenant.account.name", "belong together", "give both"),
        ("\"2026-11-26\"", "\"26.11.26\"", "tenant.account.settings.imap_since", "imap_since", "2026-11-26"),
        ("\"mail.example.com:587\"", "\"smtp://mail\"", "settings.smtp_server", "smtp_server", "mail.example.org:587"),
        (
            "imap_server =",
            "tls_roots = \"no certificate\"\nimap_server =",
            "tenant.account.name",
            "settings.tls_roots holds no certificate",
            "in PEM",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let error = parse(&GOOD.replacen(from, to, 1)).err().unwrap_or_else(|| panic!("{to} was taken"));
        assert!(0 < error.line && error.key.contains(key), "{to}: {error}");
        assert!(error.message.contains(message) && error.hint.contains(hint), "{to}: {error}");
    }
}

#[test]
fn a_listener_needs_somebody_to_take_mail_for() {
    let error = parse("[mail]\nlisten = \"127.0.0.1:2525\"\nhostname = \"a.example\"").unwrap_err();
    assert!(error.message.contains("no account of the channel email_raw"), "{error}");
}
