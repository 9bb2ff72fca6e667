//! `blendline user`, `blendline audit`, and the users of the configuration.

use std::process::Output;

use blendline_tests::person::{Browser, sign_in};
use blendline_tests::process::{Router, program};
use rusqlite::Connection;
use serde_json::json;

use crate::office::{by_key, member, office, prepared};

fn blendline(router: &Router, words: &[&str]) -> Output {
    let mut command = std::process::Command::new(program("blendline"));
    command.args(words).arg("--config").arg(router.config_path()).args(["--tenant", "acme"]);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn password(output: &Output) -> String {
    let (said, failed) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{failed}");
    let line = said.lines().find(|line| line.starts_with("password = ")).unwrap_or_else(|| panic!("{said}"));
    line["password = ".len()..].to_owned()
}

#[tokio::test]
async fn the_first_administrator_is_made_by_the_command() {
    let mut router = prepared("command", "");
    let first = password(&blendline(&router, &["user", "add", "--name", "root", "--role", "admin"]));
    for (words, says) in [
        (["user", "add", "--name", "ROOT", "--role", "admin"], "there is a user of this name"),
        (["user", "add", "--name", "noa", "--role", "worker"], "name the worker"),
        (["user", "add", "--name", "noa", "--role", "boss"], "unknown variant `boss`"),
        (["user", "add", "--name", "a b", "--role", "admin"], "letters, digits"),
    ] {
        let output = blendline(&router, &words);
        assert!(!output.status.success() && text(&output.stderr).contains(says), "{words:?}: {output:?}");
    }
    router.start_again().await;
    let running = blendline(&router, &["user", "reset", "--name", "root"]);
    let said = text(&running.stderr);
    assert!(!running.status.success() && said.contains("in use") && said.contains("POST /v1/users"), "{said}");
    let root = Browser::sign_in(router.addr, "root", &first).await.unwrap();
    assert_eq!(root.get("/v1/users").await.json()["code"], "must_change");
    router.stop().await;
    let second = password(&blendline(&router, &["user", "reset", "--name", "Root"]));
    router.start_again().await;
    assert_eq!(root.get("/v1/sessions/current").await.status, 401, "a new password ends the sessions of the old");
    assert_eq!(sign_in(router.addr, "acme", "root", &first).await.status, 401);
    assert_eq!(sign_in(router.addr, "acme", "root", &second).await.status, 204);
}

#[tokio::test]
async fn users_of_the_configuration_are_made_once() {
    let first = "a password of the file";
    let more = format!("[[tenant.user]]\nname = \"amit\"\nrole = \"supervisor\"\npassword = \"{first}\"\n");
    let mut router = office("configured", &more).await;
    assert_eq!(sign_in(router.addr, "acme", "amit", first).await.status, 204);
    assert_eq!(by_key(&router, "PATCH", "/v1/users/amit", &json!({ "disabled": true })).await.status, 200);
    router.stop().await;
    router.start_again().await;
    assert_eq!(sign_in(router.addr, "acme", "amit", first).await.status, 401, "a restart does not let him in again");

    for (user, says) in [
        ("name = \"x\"\nrole = \"auditor\"\npassword = \"short\"", "at least 10"),
        ("name = \"x\"\nrole = \"worker\"\npassword = \"long enough for it\"", "with the role worker"),
        ("name = \"x\"\nrole = \"worker\"\nworker = \"noaa\"\npassword = \"long enough for it\"", "did you mean `noa`"),
        ("name = \"x y\"\nrole = \"auditor\"\npassword = \"long enough for it\"", "letters, digits"),
    ] {
        let router = prepared("misconfigured", &format!("[[tenant.user]]\n{user}\n"));
        let output = std::process::Command::new(program("blendline"))
            .args(["config", "check"])
            .arg(router.config_path())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(says) && said.contains("tenant.user"), "{user}: {said}");
        assert!(!said.contains("long enough for it"), "{said}");
    }
}

#[tokio::test]
async fn a_log_that_was_touched_in_its_file_is_found_out() {
    let mut router = office("chain", "").await;
    for (name, role) in [("a", "auditor"), ("b", "supervisor"), ("c", "worker")] {
        member(&router, name, role).await;
    }
    router.stop().await;
    let whole = blendline(&router, &["audit", "verify"]);
    assert!(whole.status.success() && text(&whole.stdout).contains("is whole"), "{whole:?}");
    let file = router.data_dir().join("store.db");
    let changed = |statement: &str| Connection::open(&file).unwrap().execute_batch(statement).err();
    for statement in ["UPDATE audit SET body = '{}'", "DELETE FROM audit"] {
        let refused = changed(statement).unwrap().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    // Whoever writes the file can drop what guards it; what he did then shows.
    let guards = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;
                  CREATE TABLE kept AS SELECT * FROM audit;";
    assert_eq!(changed(guards), None);
    for (deed, says) in [
        ("UPDATE audit SET body = json_set(body, '$.actor', 'user b') WHERE seq = 2", "entry 2 was changed"),
        ("UPDATE audit SET body = json_set(body, '$.after.role', 'admin') WHERE seq = 1", "entry 1 was changed"),
        ("DELETE FROM audit WHERE seq = 3", "entry 4 does not follow"),
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "its end was cut off"),
        (
            "UPDATE audit SET seq = 1000 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
             UPDATE audit SET seq = 3 WHERE seq = 1000",
            "does not follow",
        ),
    ] {
        assert_eq!(changed(deed), None, "{deed}");
        let output = blendline(&router, &["audit", "verify"]);
        assert!(!output.status.success() && text(&output.stderr).contains(says), "{deed}: {output:?}");
        assert_eq!(changed("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept"), None);
    }
    assert!(blendline(&router, &["audit", "verify"]).status.success());
}
