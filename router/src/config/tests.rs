//! Each mistake is named with its line, its key and its cure.

use super::*;

const GOOD: &str = r#"
[server]
listen = "127.0.0.1:9000"

[[tenant]]
name = "acme"
skills = ["hebrew", "billing"]

[[tenant.unit]]
name = "service"

[[tenant.calendar]]
name = "office"
zone = "Asia/Jerusalem"
hours = { sun = ["08:30-17:00"] }

[[tenant.queue]]
name = "service"
side = "front"
unit = "service"
calendar = "office"

[[tenant.account]]
name = "main"
channel = "whatsapp_cloud"
external_id = "100"
queue = "service"
needs = { hebrew = 3 }
settings = { app_secret = "0123456789abcdef", verify_token = "0123456789abcdef", access_token = "0123456789abcdef" }

[[tenant.worker]]
name = "dana"
queues = ["service"]
skills = { hebrew = 10 }
capacity = 200

[[tenant.key]]
name = "dana"
role = "worker"
worker = "dana"
sha256 = "00000000000000000000000000000000000000000000000000000000000000ff"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("acme.toml", text, &|_| None)
}

#[test]
fn the_defaults_are_whole_and_good() {
    let config = parse("").unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.workers.heartbeat_ms, 5000);
    assert!(config.tenants.is_empty());
    assert_eq!(parse(GOOD).unwrap().tenants[0].accounts[0].name, "main");
}

#[test]
fn each_mistake_has_its_line_key_and_hint() {
    for (from, to, key, message, hint) in [
        ("listen =", "lisen =", "server.lisen", "unknown field `lisen`", "did you mean `listen`?"),
        ("[[tenant.queue]]", "[[tenant.queu]]", "tenant.queu", "unknown field `queu`", "did you mean `queue`?"),
        ("\"127.0.0.1:9000\"", "\"localhost\"", "server.listen", "invalid socket address", "config.default.toml"),
        ("listen =", "push_contact = \"ops\"\nlisten =", "server.push_contact", "`ops` is nobody", "`mailto:`"),
        ("listen =", "push_contact = \"http://x.example\"\nlisten =", "server.push_contact", "is nobody", "https://"),
        ("side = \"front\"", "side = \"frnt\"", "tenant.queue.side", "unknown variant `frnt`", "did you mean `front`?"),
        (
            "queue = \"service\"",
            "queue = \"servce\"",
            "tenant.account.queue",
            "there is no queue `servce`",
            "`service`?",
        ),
        (
            "queues = [\"service\"]",
            "queues = [\"x\"]",
            "tenant.worker.queues",
            "there is no queue `x`",
            "known: service",
        ),
        ("needs = { hebrew", "needs = { hebrw", "tenant.account.needs", "there is no skill `hebrw`", "`hebrew`?"),
        (
            "calendar = \"office\"",
            "heir_of = [\"service\"]",
            "tenant.queue.heir_of",
            "the queue `service` is still there",
            "take it out of `heir_of`",
        ),
        (
            "calendar = \"office\"",
            "heir_of = [\"phone\", \"phone\"]",
            "tenant.queue.heir_of",
            "a queue that is no more `phone` already",
            "unique",
        ),
        ("hebrew = 10", "hebrew = 11", "tenant.worker.skills", "from 1 to 10", "teaches it"),
        ("unit = \"service\"", "unit = \"sales\"", "tenant.queue.unit", "there is no unit `sales`", "known: service"),
        ("calendar = \"office\"", "calendar = \"ofice\"", "tenant.queue.calendar", "no calendar `ofice`", "`office`?"),
        ("worker = \"dana\"", "worker = \"dan\"", "tenant.key.worker", "there is no worker `dan`", "`dana`?"),
        ("Asia/Jerusalem", "Asia/Haifa", "tenant.calendar.zone", "no such time zone", "Asia/Jerusalem"),
        ("08:30-17:00", "8-17", "tenant.calendar.hours", "no opening hours", "write `08:30-17:00`"),
        ("capacity = 200", "capacity = 50", "tenant.queue.name", "weighs 100, above every capacity", "task_weight"),
        (
            "queues = [\"service\"]",
            "queues = []",
            "tenant.queue.name",
            "no worker serves this queue",
            "`queues` of a worker",
        ),
        ("hebrew = 3", "hebrew = 3, billing = 1", "tenant.account.name", "what this account needs", "lower `needs`"),
        ("whatsapp_cloud", "whatsap_cloud", "tenant.account.channel", "no channel", "did you mean `whatsapp_cloud`?"),
        ("app_secret =", "app_secert =", "tenant.account.settings", "settings.app_secert", "did you mean app_secret"),
        (
            "app_secret = \"0123456789abcdef\"",
            "app_secret = \"changeme\"",
            "tenant.account.settings",
            "tries first",
            "random",
        ),
        (
            "app_secret = \"0123456789abcdef\"",
            "app_secret = \"short\"",
            "tenant.account.settings",
            "fewer than 16",
            "random",
        ),
        (
            "app_secret = \"0123456789abcdef\"",
            "app_secret = \"env:X\"",
            "tenant.account.settings",
            "X is not set",
            "export X",
        ),
        ("app_secret = \"0123456789abcdef\", ", "", "tenant.account.name", "settings.app_secret", "required"),
        ("00ff\"", "00\"", "tenant.key.sha256", "no SHA-256", "key new"),
        ("role = \"worker\"", "role = \"admin\"", "tenant.key.worker", "only keys of role worker", "has the role"),
        ("name = \"acme\"", "name = \"a b\"", "tenant.name", "no name for a tenant", "letters, digits"),
        ("[server]", "[server]\nhead_bytes_max = 10", "server.head_bytes_max", "10 is too little", "at least 8192"),
        ("[server]", "[[tenant]]\nname = \"acme\"\n[server]", "tenant.name", "a tenant `acme` already", "unique"),
        (
            "side = \"front\"",
            "side = \"front\"\ntask_weight = 0",
            "tenant.queue.name",
            "task_weight is 0",
            "at least 1",
        ),
        ("side = \"front\"", "side = \"front\"\ngoal_percent = 100", "tenant.queue.name", "is 100", "1 to 99"),
        (
            "side = \"front\"",
            "side = \"front\"\nprotected_percent = 20",
            "tenant.queue.name",
            "front queue",
            "goal_percent",
        ),
        ("side = \"front\"", "side = \"back\"\nprotected_percent = 101", "tenant.queue.name", "is 101", "0 to 100"),
        ("side = \"front\"", "side = \"back\"\nprotected_window_ms = 9", "tenant.queue.name", "is 9", "a minute"),
        (
            "skills = [\"hebrew\", \"billing\"]",
            "skills = [\"hebrew\", \"billing\"]\nreserve_max_milli = 500",
            "tenant.name",
            "reserve_max_milli is below reserve_milli",
            "at least 1000",
        ),
        ("name = \"office\"", "name = ", "tenant.calendar.name", "", "config.default.toml"),
        ("[server]", "[store]\nurl = \"mysql://x\"\n[server]", "store.url", "no URL of a server", "postgres://"),
        ("[server]", "[broker]\nurl = \"env:X\"\n[server]", "broker.url", "X is not set", "export X"),
        ("[server]", "[broker]\nqueue_length_max = 9\n[server]", "broker.queue_length_max", "too little", "1000"),
        ("[server]", "[cluster]\nruns = []\n[server]", "cluster.runs", "would do nothing", "router"),
        ("[server]", "[cluster]\nruns = [\"router\"]\n[server]", "cluster.runs", "one process", "run both"),
        ("[server]", "[cluster]\nruns = [\"sender\"]\n[server]", "cluster.runs", "`sender`", "known: connector"),
        ("[server]", "[cluster]\nshards = 1000\n[server]", "cluster.shards", "too many", "at most 256"),
        ("[server]", "[cluster]\nurl = \"10.0.0.1\"\n[server]", "cluster.url", "cannot connect", "http://"),
        ("[server]", "[cluster]\nsecret = \"secret\"\n[server]", "cluster.secret", "tries first", "openssl"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from} is not in the good file");
        let error = parse(&text).map(|_| ()).expect_err(&format!("{from} → {to} was taken"));
        assert_eq!(error.file, "acme.toml");
        assert_eq!(error.key, key, "{error}");
        assert!(error.message.contains(message), "{error}");
        assert!(error.hint.contains(hint), "{error}");
        assert!(0 < error.line && 0 < error.column, "{error}");
    }
}

#[test]
fn the_line_is_the_one_to_mend() {
    let text = GOOD.replace("queue = \"service\"\nneeds", "queue = \"servce\"\nneeds");
    let error = parse(&text).unwrap_err();
    assert_eq!(text.lines().nth(error.line - 1), Some("queue = \"servce\""));
    assert_eq!(error.column, 9);
    assert_eq!(
        error.to_string(),
        format!(
            "acme.toml:{}:9: tenant.account.queue: there is no queue `servce`\n  hint: did you mean `service`?",
            error.line
        )
    );
}

#[test]
fn the_environment_wins() {
    let env = |name: &str| match name {
        "BLENDLINE_LISTEN" => Some("127.0.0.1:1".to_owned()),
        "BLENDLINE_DATA_DIR" => Some("/elsewhere".to_owned()),
        "BLENDLINE_LOG_FORMAT" => Some("json".to_owned()),
        _ => None,
    };
    let config = Config::parse("f", GOOD, &env).unwrap();
    assert_eq!(config.server.listen.port(), 1);
    assert_eq!(config.data_dir, Path::new("/elsewhere"));
    assert_eq!(config.log.format, LogFormat::Json);
    let error = Config::parse("f", "", &|name| (name == "BLENDLINE_GRACE_MS").then(|| "soon".into())).unwrap_err();
    assert_eq!(error.file, "environment variable BLENDLINE_GRACE_MS");
    assert!(error.hint.contains("30000"));
}

#[test]
fn what_it_stands_on_decides_what_it_may_do() {
    let embedded = parse(GOOD).unwrap().cluster;
    assert!(embedded.store.is_none() && embedded.broker.is_none() && embedded.connector && embedded.router);
    assert_eq!((embedded.shards, embedded.url.as_str()), (1, "http://127.0.0.1:9000"));

    let servers = "[store]\nurl = \"postgres://u:CANARY@h/d\"\n[broker]\nurl = \"amqp://u:CANARY@h/v\"\n";
    let runs = "[cluster]\nruns = [\"connector\"]\nurl = \"https://in.example/\"\n";
    let config = parse(&format!("{servers}{runs}{GOOD}")).unwrap();
    assert!(config.cluster.connector && !config.cluster.router);
    assert_eq!((config.cluster.shards, config.cluster.url.as_str()), (16, "https://in.example"));
    assert!(!format!("{config:?}").contains("CANARY"));

    let chat = "[[tenant.account]]\nname = \"site\"\nchannel = \"webchat\"\nexternal_id = \"site\"\n\
                queue = \"service\"\nsettings = { allowed_origins = [\"https://a.example\"] }\n[[tenant.worker]]";
    let text = format!("{servers}{}", GOOD.replace("[[tenant.worker]]", chat));
    let error = parse(&text).unwrap_err();
    assert!(error.message.contains("every process must know"), "{error}");
    let env = |name: &str| (name == "BLENDLINE_CLUSTER_SECRET").then(|| "0123456789abcdef".to_owned());
    assert!(Config::parse("f", &text, &env).unwrap().cluster.secret.is_some());
}

#[test]
fn the_published_files_are_good() {
    let demo = include_str!("../../../deploy/demo.toml");
    let config = Config::parse("deploy/demo.toml", demo, &|_| None).unwrap();
    assert!(config.tenants[0].demo);
    let open = |name: &str| (name == "BLENDLINE_LISTEN").then(|| "0.0.0.0:8080".to_owned());
    let error = Config::parse("deploy/demo.toml", demo, &open).unwrap_err();
    assert!(error.message.contains("may not listen on 0.0.0.0:8080"), "{error}");
    let error = parse(&demo.replace("demo = true", "")).unwrap_err();
    assert!(error.message.contains("published"), "{error}");

    let secret = |name: &str| name.starts_with("WHATSAPP_").then(|| "0123456789abcdef".to_owned());
    let example = include_str!("../../../deploy/examples/embedded.toml");
    assert!(Config::parse("embedded.toml", example, &secret).is_ok());
    let example = include_str!("../../../deploy/examples/mail.toml");
    let secret = |name: &str| name.contains("MAIL_").then(|| "0123456789abcdef".to_owned());
    assert!(Config::parse("mail.toml", example, &secret).is_ok());
    let servers = |name: &str| match name {
        "BLENDLINE_STORE_URL" => Some("postgres://localhost/blendline".to_owned()),
        "BLENDLINE_BROKER_URL" => Some("amqp://localhost".to_owned()),
        "BLENDLINE_LIVE_URL" => Some("redis+sentinel://one,two,three:26380/blendline".to_owned()),
        name => {
            let known = ["BLENDLINE_CLUSTER_SECRET", "BLENDLINE_S3_", "WHATSAPP_"];
            known.iter().any(|known| name.starts_with(known)).then(|| "0123456789abcdef".to_owned())
        }
    };
    let example = include_str!("../../../deploy/examples/cluster.toml");
    assert!(Config::parse("cluster.toml", example, &servers).is_ok());
    let example = include_str!("../../../deploy/kubernetes/blendline.toml");
    assert!(Config::parse("blendline.toml", example, &servers).is_ok());
    let elsewhere = |name: &str| match name {
        "BLENDLINE_LIVE_URL" => Some("redis+sentinel://one".to_owned()),
        name => servers(name),
    };
    let wrong = Config::parse("blendline.toml", example, &elsewhere).unwrap_err().to_string();
    assert!(wrong.contains("/MASTER"), "{wrong}");
}

#[test]
fn no_secret_is_shown_in_an_error() {
    let text = GOOD.replace("access_token = \"0123456789abcdef\"", "access_token = \"CANARY\"");
    let shown = format!("{:?}", parse(&text).unwrap_err());
    assert!(!shown.contains("CANARY"), "{shown}");
    assert!(!format!("{:?}", parse(GOOD).unwrap()).contains("0123456789abcdef"));
}
