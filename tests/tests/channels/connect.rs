//! `blendline connect check`: what is well with an account's set-up, and what is to be mended, by the program itself.

use std::process::Command;

use blendline_tests::process::program;

use crate::course::{Row, World, beside};
use crate::rows::{INSTAGRAM, TELEGRAM, WHATSAPP_CLOUD};

/// What the command says of the row's account, and whether nothing is to be mended.
async fn checked(world: &World, url: bool) -> (String, bool) {
    let mut command = Command::new(program("blendline"));
    let name = format!("{0}/{0}", world.row.channel);
    command.args(["connect", "check", &name]).arg("--config").arg(world.router.config_path());
    if url {
        command.args(["--url", &format!("http://{}", world.router.addr)]);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
}

/// First the platform does not know us and nobody runs; then all is well; then the server has another secret.
async fn walked_through(row: &'static Row, account: &str, shown: &[(&str, &str)], good: &[&str]) {
    let mut world = beside(row).await;
    let (said, well) = checked(&world, true).await;
    assert!(!well && said.contains("WRONG server: nobody answers at http://127.0.0.1:"), "{said}");
    assert!(said.contains("WRONG platform: misconfigured"), "{said}");

    world.platform.show(account, "{}");
    for (path, text) in shown {
        world.platform.show(path, text);
    }
    world.router.start_again().await;
    let (said, well) = checked(&world, true).await;
    assert!(well, "{said}");
    for line in good {
        assert!(said.contains(&format!("good  {line}")), "{line}: {said}");
    }
    assert!(!said.contains("the-secret-of-the-shop"), "secrets are not said: {said}");
    world.platform.fail_reads(true);
    let (said, well) = checked(&world, false).await;
    assert!(!well && said.contains("WRONG platform: unreachable"), "{said}");
}

const BY_META: &[&str] = &[
    "settings:",
    "handshake: the platform's question is answered",
    "server: it has the account and refuses what is not signed",
    "server: the handshake is answered from outside, too",
    "signature: what the app's secret signs is taken",
    "platform: fine",
];

#[tokio::test]
async fn whatsapp() {
    let token = r#"{"data":{"is_valid":true,"expires_at":0,"scopes":["whatsapp_business_messaging"],
        "granular_scopes":[{"scope":"whatsapp_business_messaging","target_ids":["102290129340398"]}]}}"#;
    let shown = [
        ("/v23.0/debug_token?input_token=", token),
        ("/v23.0/106540352242922?fields=status", r#"{"status":"CONNECTED","quality_rating":"GREEN"}"#),
        ("/v23.0/102290129340398/subscribed_apps", r#"{"data":[{"whatsapp_business_api_data":{"name":"shop"}}]}"#),
    ];
    let good = [
        BY_META,
        &[
            "permission: the token has whatsapp_business_messaging, and does not end",
            "number: it is connected; its quality: GREEN",
            "subscription: business account 102290129340398 posts to shop",
        ],
    ];
    walked_through(&WHATSAPP_CLOUD, "/v23.0/106540352242922", &shown, &good.concat()).await;
}

/// What is not as it must be is said with its cure, and fails the command.
#[tokio::test]
async fn whatsapp_that_is_not_subscribed() {
    let world = beside(&WHATSAPP_CLOUD).await;
    for (path, text) in [
        ("/v23.0/106540352242922", r#"{"status":"PENDING"}"#),
        ("/v23.0/102290129340398/subscribed_apps", r#"{"data":[]}"#),
        (
            "/v23.0/debug_token?input_token=",
            r#"{"data":{"is_valid":true,"expires_at":1,"scopes":["whatsapp_business_messaging"],
                "granular_scopes":[{"scope":"whatsapp_business_messaging","target_ids":["102290129340398"]}]}}"#,
        ),
    ] {
        world.platform.show(path, text);
    }
    let (said, well) = checked(&world, false).await;
    assert!(!well, "{said}");
    for line in
        ["permission: the token ends by itself", "number: it is PENDING: register it", "subscription: no app has"]
    {
        assert!(said.contains(&format!("WRONG {line}")), "{line}: {said}");
    }
    assert!(!said.contains("token-of-the-shop"), "a token is not said: {said}");
}

#[tokio::test]
async fn x() {
    let world = beside(&crate::public_rows::X_XAA).await;
    let hooks = |valid: bool| {
        format!(r#"{{"data":[{{"id":"7","url":"https://shop.example/v1/webhooks/x_xaa/x_xaa","valid":{valid}}}]}}"#)
    };
    world.platform.show("/2/webhooks", &hooks(false));
    let (said, well) = checked(&world, false).await;
    assert!(!well && said.contains("WRONG webhook: X finds it invalid"), "{said}");
    assert!(said.contains("open  subscription: X does not say"), "{said}");
    let kinds =
        r#"{"data":[{"event_type":"dm.received","filter":{"user_id":"2000000000000000001"},"webhook_id":"7"}]}"#;
    world.platform.show("/2/activity/subscriptions", kinds);
    world.platform.show("/2/webhooks", &hooks(true));
    let (said, well) = checked(&world, false).await;
    assert!(well && said.contains("good  webhook: X has it and finds it valid"), "{said}");
    assert!(said.contains("good  subscription: X posts dm.received"), "{said}");
}

#[tokio::test]
async fn facebook_page() {
    let subscribed = r#"{"data":[{"id":"1","subscribed_fields":["feed"]}]}"#;
    let shown = [("/v23.0/300400500600/subscribed_apps", subscribed)];
    let good = [BY_META, &["subscription: the Page posts feed to an app"]].concat();
    walked_through(&crate::public_rows::FACEBOOK_PAGE, "/v23.0/300400500600?fields=id", &shown, &good).await;
}

#[tokio::test]
async fn instagram() {
    walked_through(&INSTAGRAM, "/v23.0/17841400000000001?fields=id", &[], BY_META).await;
}

#[tokio::test]
async fn telegram() {
    let good = [
        "handshake: the channel has none",
        "server: it has the account and refuses what is not signed",
        "platform: fine",
        "subscription: updates are posted to this account, and 2 wait",
    ];
    let info =
        r#"{"ok":true,"result":{"url":"https://shop.example/v1/webhooks/telegram/telegram","pending_update_count":2}}"#;
    let shown = [("/bot12:AbCdEfGhIjKlMnOp/getWebhookInfo", info)];
    walked_through(&TELEGRAM, "/bot12:AbCdEfGhIjKlMnOp/getMe", &shown, &good).await;
}
