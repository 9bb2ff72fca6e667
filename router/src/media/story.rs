//! From a message with a file to the file itself, over a platform that behaves like the real one.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::kept::KeptFile;
use blendline_wire::{Millis, TenantId};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::fetcher::Fetcher;
use super::sweep::sweep;
use super::{MediaFile, MediaState};
use crate::adapters::files::Directory;
use crate::driver::tests::world::{ACCOUNT, TENANT, World, directory, said};
use crate::fakes::FakeFiles;
use crate::ports::files::{FileName, Files};

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nand so on";

/// A world whose WhatsApp account calls `platform`.
async fn world(platform: &str) -> World {
    let mut directory = directory();
    let entry = directory.accounts.get_mut(&ACCOUNT).unwrap();
    entry.account.settings.insert("access_token".into(), "T0KEN".into());
    entry.account.settings.insert("base_url".into(), platform.into());
    World::of(directory, 0).await
}

fn picture(id: &str, media: &str) -> InboundEvent {
    let image = Attachment { kind: "image".into(), r#ref: Some(media.into()), ..Attachment::default() };
    let place = Attachment { kind: "location".into(), r#ref: Some(r#"{"latitude":1}"#.into()), ..image.clone() };
    InboundEvent { attachments: vec![place, image], ..said(id, "972") }
}

/// A platform that names the address of each media id, and gives files to whoever shows the token.
async fn platform() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let base = own.clone();
    let answers = move |uri: Uri, headers: HeaderMap| std::future::ready(answer(&base, &uri, &headers));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answers)).await.unwrap() });
    own
}

fn answer(base: &str, uri: &Uri, headers: &HeaderMap) -> Response {
    let allowed = headers.get("authorization").is_some_and(|token| token == "Bearer T0KEN");
    let id = uri.path().rsplit('/').next().unwrap();
    if !allowed || id == "gone" {
        return StatusCode::NOT_FOUND.into_response();
    }
    if uri.path().starts_with("/file/") {
        return PICTURE.into_response();
    }
    let sha256 = if id == "damaged" { "0".repeat(64) } else { hex::encode(Sha256::digest(PICTURE)) };
    let inside = "http://169.254.169.254/latest/meta-data".to_owned();
    let url = if id == "inside" { inside } else { format!("{base}/file/{id}") };
    Json(serde_json::json!({ "url": url, "mime_type": "image/png", "sha256": sha256, "file_size": 20 })).into_response()
}

#[tokio::test]
async fn a_file_is_fetched_kept_and_known_by_what_it_holds() {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sha256 = hex::encode(Sha256::digest(PICTURE));
    let world = world(&platform().await).await;
    let events = ["good", "inside", "damaged", "gone"].map(|id| picture(&format!("m-{id}"), id));
    world.webhook(events.into()).await;
    world.taken_in().await;
    let body = world.store.record().lines[0].1.clone();
    assert_eq!((body.media.len(), &body.media[0]), (2, &None), "a place is no file");

    let path = std::env::temp_dir().join(format!("blendline-media-{}", uuid::Uuid::now_v7()));
    let kept: Arc<dyn Files> = Arc::new(Directory::new(&path));
    let fetcher = Fetcher {
        archive: Arc::new(world.store.clone()),
        handle: world.handle(),
        directory: world.directory.clone(),
        http: blendline_connectors::http_client_rules().build().unwrap(),
        files: kept.clone(),
        connectors: blendline_connectors::by_name,
    };
    let (_names, waiting) = mpsc::channel(8);
    let stop = CancellationToken::new();
    // Nobody named them: they are found as what a crash left waiting.
    let now = Millis(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap());
    let running = tokio::spawn(fetcher.run(waiting, now, stop.clone()));
    let settled = |record: &crate::fakes::Record| {
        let all: Vec<_> = record.entries.values().filter_map(MediaFile::read).collect();
        all.iter().all(|file| file.state != MediaState::Pending).then_some(all)
    };
    let all = world.store.until("fetched", settled).await;
    let state = |id: &str| all.iter().find(|file| file.reference.expose() == id).unwrap().state.clone();
    let mime = "image/png".to_owned();
    assert_eq!(state("good"), MediaState::Stored { sha256: sha256.clone(), bytes: PICTURE.len() as u64, mime });
    for (id, word) in [("inside", "forbidden"), ("damaged", "damaged"), ("gone", "gone")] {
        assert!(matches!(state(id), MediaState::Failed { reason, .. } if reason == word), "{:?}", state(id));
    }
    assert_eq!(kept.get(&FileName { tenant: TENANT, sha256 }).await.unwrap(), PICTURE);
    assert!(all.iter().all(|file| file.conversation.is_some()));
    let entry = world.store.record().entries.values().next().unwrap().clone();
    assert_eq!(entry.tenant, TenantId(1));
    stop.cancel();
    running.await.unwrap();
    std::fs::remove_dir_all(path).unwrap();
}

/// A file that came along with a mail is there at once; what a crash left in the store and nobody refers to goes, in time.
#[tokio::test]
async fn what_came_along_is_kept_and_what_nobody_refers_to_is_swept() {
    let world = World::new().await;
    let files = FakeFiles::default();
    let kept = files.put(TENANT, b"kept".to_vec()).await.unwrap();
    let orphan = files.put(TENANT, b"orphan".to_vec()).await.unwrap();
    let file = |reference: &str, sha256: Option<&str>| KeptFile {
        r#ref: reference.into(),
        sha256: sha256.map(str::to_owned),
        bytes: 4,
        mime: "text/plain".into(),
    };
    let attached = |reference: &str| Attachment { r#ref: Some(reference.into()), ..Attachment::default() };
    let event = InboundEvent {
        attachments: vec![attached("1"), attached("2"), attached("3")],
        files: vec![file("3", None), file("1", Some(&kept.sha256))],
        ..said("m1", "972")
    };
    world.webhook(vec![event]).await;
    world.taken_in().await;
    let (states, body) = {
        let record = world.store.record();
        let files = record.entries.values().filter_map(MediaFile::read);
        (files.map(|file| file.state).collect::<Vec<_>>(), record.lines[0].1.clone())
    };
    let stored = |state: &&MediaState| matches!(state, MediaState::Stored { sha256, .. } if *sha256 == kept.sha256);
    assert_eq!(states.iter().filter(stored).count(), 1);
    assert!(states.iter().any(|state| matches!(state, MediaState::Failed { reason, .. } if reason == "too_large")));
    // WhatsApp fetches what did not come along.
    assert!(states.contains(&MediaState::Pending), "{states:?}");
    assert!(body.media.iter().all(Option::is_some) && body.attachments.len() == 3);

    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let swept = sweep(&files, &world.store, soon).await.unwrap();
    assert_eq!((swept, files.held()), (1, vec![b"kept".to_vec()]));
    assert!(files.get(&orphan).await.is_err());
}
