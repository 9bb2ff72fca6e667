//! Bodies: bounded in size and time, and never unpacked.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::problem::Failure;

/// The whole body of `request`, at most `max` bytes within `timeout`.
pub async fn read_body(request: Request, max: usize, timeout: Duration) -> Result<Bytes, Failure> {
    let headers = request.headers();
    if headers.contains_key(header::CONTENT_ENCODING) {
        let detail = "send the body as it is, without Content-Encoding";
        let title = "The content encoding is not taken";
        return Err(
            Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_encoding", title, detail).at("Content-Encoding")
        );
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| max < length) {
        return Err(too_large(max));
    }
    match tokio::time::timeout(timeout, collect(request, max)).await {
        Ok(read) => read,
        Err(_) => Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow_body",
            "The body took too long",
            format!("send the whole body within {} ms", timeout.as_millis()),
        )),
    }
}

async fn collect(request: Request, max: usize) -> Result<Bytes, Failure> {
    let mut chunks = request.into_body().into_data_stream();
    let mut first: Option<Bytes> = None;
    let mut all = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Failure::bad("/", "the body ended before its announced length"))?;
        let so_far = first.as_ref().map_or(all.len(), Bytes::len);
        if max < so_far + chunk.len() {
            return Err(too_large(max));
        }
        // Nearly every body comes in one piece, which needs no copy.
        if so_far == 0 {
            first = Some(chunk);
            continue;
        }
        if let Some(first) = first.take() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(first.unwrap_or_else(|| all.freeze()))
}

fn too_large(max: usize) -> Failure {
    let detail = format!("a body here has at most {max} bytes: send less");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large", detail)
}
