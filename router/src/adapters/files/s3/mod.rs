//! Files in a bucket of Amazon S3, or of any server that speaks it.
//!
//! Five calls are all that is needed, so there is no SDK: PUT, GET, HEAD and DELETE of an object and the second list of
//! objects, each signed ([`sign`]). Buckets are addressed by path, which every such server understands.

mod list;

use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use blendline_connectors::Secret;
use blendline_connectors::aws::{self, Keys, Signed, sign};
use blendline_wire::TenantId;
use reqwest::{Method, Response, StatusCode, Url};

use crate::api::now;
use crate::ports::files::{FileName, Files, Listed};

/// How long one call may take: the largest file over a slow line.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long before each further try of a call that the server was too busy for.
const WAITS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(1000)];
/// No file that we put is larger; what is, is none of ours.
const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Keys of one page of a list; S3 gives no more.
const PAGE: usize = 1000;
/// The largest page of a list: a key of ours has 100 bytes, and the XML about it a few hundred.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where the bucket is and who we are.
#[derive(Clone, Debug)]
pub struct BucketOptions {
    /// The server, such as `https://s3.eu-central-1.amazonaws.com`.
    pub endpoint: Url,
    /// The region, which is part of each signature; servers of your own take any.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What precedes every key; empty, or ends with a slash.
    pub prefix: String,
    /// The access key's id.
    pub access_key: Secret,
    /// The access key's secret.
    pub secret_key: Secret,
}

/// Files in a bucket.
pub struct Bucket {
    options: BucketOptions,
    http: reqwest::Client,
}

impl Bucket {
    /// The store in this bucket, which must be there. `http` must not follow redirects.
    pub const fn new(options: BucketOptions, http: reqwest::Client) -> Self {
        Self { options, http }
    }

    fn key(&self, name: &FileName) -> io::Result<String> {
        let place = name.place().ok_or_else(|| io::Error::new(ErrorKind::NotFound, "this is no hash"))?;
        Ok(format!("{}{place}", self.options.prefix))
    }

    /// One call, repeated where the server was busy: each of them may be made twice.
    async fn call(&self, method: Method, key: &str, query: &[(&str, &str)], body: &[u8]) -> io::Result<Response> {
        let mut waits = WAITS.iter();
        loop {
            let outcome = self.once(method.clone(), key, query, body.to_vec()).await;
            let is_busy = match &outcome {
                Ok(response) => response.status().is_server_error() || response.status().as_u16() == 429,
                Err(_) => true,
            };
            match waits.next().filter(|_| is_busy) {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => return outcome,
            }
        }
    }

    async fn once(&self, method: Method, key: &str, query: &[(&str, &str)], body: Vec<u8>) -> io::Result<Response> {
        let options = &self.options;
        let mut url = options.endpoint.clone();
        url.set_path(&aws::path(&options.bucket, key));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let keys =
            Keys { access: options.access_key.expose(), secret: options.secret_key.expose(), region: &options.region };
        let Signed { date, content, authorization } = sign(&keys, method.as_str(), &url, &body, now());
        let request = self.http.request(method, url).timeout(CALL_TIMEOUT);
        let request = request.header("x-amz-date", date).header("x-amz-content-sha256", content);
        // An error's own text would hold the address, which is the operator's to know; it holds no secret.
        request.header("authorization", authorization).body(body).send().await.map_err(io::Error::other)
    }
}

#[async_trait]
impl Files for Bucket {
    async fn put(&self, tenant: TenantId, bytes: Vec<u8>) -> io::Result<FileName> {
        let name = FileName::of(tenant, &bytes);
        good(self.call(Method::PUT, &self.key(&name)?, &[], &bytes).await?).await?;
        Ok(name)
    }

    async fn get(&self, name: &FileName) -> io::Result<Vec<u8>> {
        let response = good(self.call(Method::GET, &self.key(name)?, &[], &[]).await?).await?;
        let bytes = bounded(response, FILE_BYTES_MAX).await?;
        if FileName::of(name.tenant, &bytes) != *name {
            return Err(io::Error::new(ErrorKind::InvalidData, "the bucket gives other bytes than were put there"));
        }
        Ok(bytes)
    }

    async fn older(&self, before: SystemTime, after: Option<&str>) -> io::Result<Listed> {
        let page = PAGE.to_string();
        let mut query = vec![("list-type", "2"), ("max-keys", &page), ("prefix", &self.options.prefix)];
        query.extend(after.map(|after| ("start-after", after)));
        let response = good(self.call(Method::GET, "", &query, &[]).await?).await?;
        let text = String::from_utf8_lossy(&bounded(response, PAGE_BYTES_MAX).await?).into_owned();
        let objects = list::read(&text);
        let next = objects.last().filter(|_| list::is_truncated(&text)).map(|last| last.key.to_owned());
        let is_old = |object: &list::Object<'_>| object.modified.is_some_and(|at| at < before);
        let names = objects.iter().filter(|object| is_old(object));
        let names = names.filter_map(|object| FileName::at(object.key.strip_prefix(&self.options.prefix)?)).collect();
        Ok(Listed { names, next })
    }

    /// Between the look and the removal is one call: what is put again just then is lost with it. Nothing is removed
    /// that somebody refers to, and a mail that comes again is put before it is taken in, so that takes a mail of ten
    /// days ago to come again in that very moment.
    async fn remove(&self, name: &FileName, before: SystemTime) -> io::Result<()> {
        let key = self.key(name)?;
        let response = self.call(Method::HEAD, &key, &[], &[]).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        let modified = response.headers().get("last-modified").and_then(|value| value.to_str().ok());
        let modified = modified.and_then(|text| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok());
        good(response).await?;
        if modified.is_some_and(|at| SystemTime::from(at) < before) {
            good(self.call(Method::DELETE, &key, &[], &[]).await?).await?;
        }
        Ok(())
    }
}

/// The answer where the server did as it was told, else an error in its own words.
async fn good(response: Response) -> io::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = bounded(response, 64 * 1024).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let code = list::element(&text, "Code").unwrap_or("no code");
    let kind = match (status.as_u16(), code) {
        // A bucket that is not there is no absent file.
        (404, "NoSuchBucket") => ErrorKind::Other,
        (404, _) => ErrorKind::NotFound,
        (401 | 403, _) => ErrorKind::PermissionDenied,
        _ => ErrorKind::Other,
    };
    let words: String = list::element(&text, "Message").unwrap_or_default().chars().take(300).collect();
    Err(io::Error::new(kind, format!("{status}, {code}: {words}")))
}

async fn bounded(mut response: Response, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(io::Error::other)? {
        if bytes_max < bytes.len() + chunk.len() {
            return Err(io::Error::new(ErrorKind::InvalidData, "the answer is larger than anything of ours"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
