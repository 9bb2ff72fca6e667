//! A platform of our own on a local port, for the tests that send.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use blendline_connectors::http_client_rules;
use blendline_wire::outbound::SendOutcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers each call with the next of `answers` and ends the connection; `None` ends it without an answer.
/// Gives back the requests it got.
pub async fn platform(answers: Vec<Option<String>>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            requests.push(read_request(&mut socket).await);
            if let Some(answer) = answer {
                // A client that had enough closes early.
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        }
        requests
    });
    (address, serving)
}

async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = socket.read(&mut chunk).await.unwrap();
        text.extend_from_slice(&chunk[..count]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if count == 0 || length.unwrap_or(0) <= body.len() {
                return so_far;
            }
        } else if count == 0 {
            return so_far;
        }
    }
}

pub fn answer(status: &str, body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()))
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    http_client_rules().no_proxy().build().unwrap()
}

/// An outcome as two words.
pub fn named(outcome: SendOutcome) -> (&'static str, String) {
    match outcome {
        SendOutcome::Sent { external_id } => ("sent", external_id),
        SendOutcome::Retry { cause, .. } => ("retry", cause.reason),
        SendOutcome::Failed { cause } => ("failed", cause.reason),
        SendOutcome::Unknown { cause } => ("unknown", cause.reason),
        SendOutcome::AccountDown { cause } => ("account_down", cause.reason),
    }
}
