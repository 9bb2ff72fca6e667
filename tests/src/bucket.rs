//! A server that speaks as much of S3 as we ask of one, and believes nobody whose signature is not right.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use blendline_connectors::Secret;
use blendline_router::adapters::files::{Bucket, BucketOptions};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::contract::files::FilesWorld;

const BUCKET: &str = "acme-media";
const REGION: &str = "il-central-1";
const ACCESS: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// Keys of one page of a list: few, so that a test sees several.
const PAGE: usize = 7;

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, (Bytes, SystemTime)>,
    /// How many calls are answered with 503 from now on.
    busy: u32,
}

type Shared = Arc<Mutex<Inner>>;

/// A running server with one bucket; it ends when dropped.
#[derive(Debug)]
pub struct FakeS3 {
    addr: SocketAddr,
    inner: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} objects", self.objects.len())
    }
}

impl FakeS3 {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, inner) = (listener.local_addr().unwrap(), Shared::default());
        let app = Router::new().fallback(answer).layer(DefaultBodyLimit::max(64 << 20)).with_state(inner.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { addr, inner, task }
    }

    /// The lines of `[media]` that name the bucket.
    pub fn config(&self) -> String {
        format!(
            "[media]\nurl = \"s3://{BUCKET}/files\"\ns3_endpoint = \"http://{}\"\ns3_region = {REGION:?}\n\
             s3_access_key = {ACCESS:?}\ns3_secret_key = {SECRET:?}\n",
            self.addr
        )
    }

    /// Where the bucket is, with this secret in place of the right one where one is given.
    pub fn options(&self, secret: Option<&str>) -> BucketOptions {
        BucketOptions {
            endpoint: format!("http://{}", self.addr).parse().unwrap(),
            region: REGION.to_owned(),
            bucket: BUCKET.to_owned(),
            prefix: "files/".to_owned(),
            access_key: Secret::new(ACCESS),
            secret_key: Secret::new(secret.unwrap_or(SECRET)),
        }
    }

    /// A store in it.
    pub fn bucket(&self) -> Bucket {
        Bucket::new(self.options(None), client())
    }

    /// The keys of what it holds.
    pub fn keys(&self) -> Vec<String> {
        self.inner.lock().unwrap().objects.keys().cloned().collect()
    }

    /// Puts an object there, as somebody else does.
    pub fn hold(&self, key: &str, bytes: &'static [u8]) {
        let object = (Bytes::from_static(bytes), SystemTime::now());
        self.inner.lock().unwrap().objects.insert(key.to_owned(), object);
    }

    /// Answers the next calls with 503.
    pub fn be_busy(&self, calls: u32) {
        self.inner.lock().unwrap().busy = calls;
    }

    /// Makes everything in it this much older.
    pub fn age(&self, by: Duration) {
        for (_, at) in self.inner.lock().unwrap().objects.values_mut() {
            *at -= by;
        }
    }
}

impl FilesWorld for FakeS3 {
    type Files = Bucket;

    fn open(&self) -> Bucket {
        self.bucket()
    }
}

impl Drop for FakeS3 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client such as the router's.
pub fn client() -> reqwest::Client {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    blendline_connectors::http_client_rules().build().unwrap()
}

async fn answer(
    State(inner): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if let Err(why) = signature(&method, &uri, &headers, &body) {
        return error(403, "SignatureDoesNotMatch", why);
    }
    let mut inner = inner.lock().unwrap();
    if 0 < inner.busy {
        inner.busy -= 1;
        return error(503, "SlowDown", "Please reduce your request rate.");
    }
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let key = unescaped(key);
    if bucket != BUCKET {
        return error(404, "NoSuchBucket", "The specified bucket does not exist");
    }
    match (&method, key.as_str()) {
        (&Method::GET, "") => list(&inner, &uri),
        (&Method::PUT, key) => {
            inner.objects.insert(key.to_owned(), (body, SystemTime::now()));
            plain(200, Body::empty())
        }
        (&Method::DELETE, key) => {
            inner.objects.remove(key);
            plain(204, Body::empty())
        }
        (_, key) => match inner.objects.get(key) {
            None => error(404, "NoSuchKey", "The specified key does not exist."),
            Some((bytes, at)) => {
                let modified = jiff::fmt::rfc2822::DateTimePrinter::new()
                    .timestamp_to_rfc9110_string(&jiff::Timestamp::try_from(*at).unwrap())
                    .unwrap();
                let builder = Response::builder().status(StatusCode::OK).header("last-modified", modified);
                builder.body(if method == Method::HEAD { Body::empty() } else { bytes.clone().into() }).unwrap()
            }
        },
    }
}

fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// A page of `ListObjectsV2`.
fn list(inner: &Inner, uri: &Uri) -> Response<Body> {
    let asked = reqwest::Url::parse(&format!("http://s3{uri}")).unwrap();
    let get = |name: &str| asked.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(get("list-type").as_deref(), Some("2"));
    let (prefix, after) = (get("prefix").unwrap_or_default(), get("start-after").unwrap_or_default());
    let mut found = inner.objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after).peekable();
    let mut contents = String::new();
    for (key, (bytes, at)) in found.by_ref().take(PAGE) {
        let at = jiff::Timestamp::try_from(*at).unwrap().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        contents.push_str(&format!(
            "<Contents><Key>{key}</Key><LastModified>{at}</LastModified><Size>{}</Size></Contents>",
            bytes.len()
        ));
    }
    let more = found.peek().is_some();
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{more}</IsTruncated>\
         {contents}</ListBucketResult>"
    );
    plain(200, Body::from(page))
}

fn plain(status: u16, body: Body) -> Response<Body> {
    Response::builder().status(status).body(body).unwrap()
}

fn error(status: u16, code: &str, words: &str) -> Response<Body> {
    plain(status, Body::from(format!("<Error><Code>{code}</Code><Message>{words}</Message></Error>")))
}

/// Computes the signature from the request as it came, and compares.
fn signature(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<(), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = header("authorization").strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no signature")?;
    let part = |name: &str| {
        let parts = authorization.split(", ");
        parts.filter_map(|part| part.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let (signed, given) = (part("SignedHeaders").ok_or("no headers")?, part("Signature").ok_or("no signature")?);
    let (access, scope) = part("Credential").and_then(|all| all.split_once('/')).ok_or("no credential")?;
    let date = header("x-amz-date");
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).map_err(|_| "no date")?;
    let skew = jiff::Timestamp::now().duration_since(at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp());
    if skew.abs() > jiff::SignedDuration::from_mins(15) || access != ACCESS {
        return Err("another clock or another key");
    }
    if scope != format!("{}/{REGION}/s3/aws4_request", &date[..8]) {
        return Err("another scope");
    }
    let content = hex::encode(Sha256::digest(body));
    if header("x-amz-content-sha256") != content {
        return Err("another body");
    }
    let mut pairs: Vec<&str> = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    // A form's blank is a plus; a signature's is not.
    let query = pairs.join("&").replace('+', "%20");
    let lines: String = signed.split(';').map(|name| format!("{name}:{}\n", header(name).trim())).collect();
    if !["host", "x-amz-content-sha256", "x-amz-date"].iter().all(|name| signed.split(';').any(|one| one == *name)) {
        return Err("a header that must be signed is not");
    }
    let request = format!("{method}\n{}\n{query}\n{lines}\n{signed}\n{content}", uri.path());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(request)));
    let mac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let key = scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part));
    if hex::encode(mac(&key, &text)) == given { Ok(()) } else { Err("another signature") }
}
