//! Where files of customers are kept.

use std::path::{Path, PathBuf};

use blendline_connectors::Secret;
use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Source};
use super::file::section;
use super::secret;
use crate::adapters::files::BucketOptions;

section! {
    /// The store of files, as it is written.
    MediaSection as MediaFile {
        /// Empty: a directory in the data directory.
        url: String,
        /// The server of the bucket.
        s3_endpoint: String,
        /// Its region.
        s3_region: String,
        /// Who we are there.
        s3_access_key: String,
        /// What proves it.
        s3_secret_key: String,
    }
}

/// Where files of customers are kept.
#[derive(Clone, Debug)]
pub enum Media {
    /// In a directory; `shared` where it was named, for several machines.
    Directory {
        /// The directory.
        path: PathBuf,
        /// True for one that was named; false for the one in the data directory.
        named: bool,
    },
    /// In a bucket.
    Bucket(BucketOptions),
}

type Checked<T> = Result<T, ConfigError>;

pub(super) fn check(
    source: &Source<'_>,
    written: &MediaFile,
    section: MediaSection,
    data_dir: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Checked<Media> {
    let at_url = || span(&written.url);
    if section.url.is_empty() {
        return Ok(Media::Directory { path: data_dir.join("media"), named: false });
    }
    if section.url.starts_with('/') {
        return Ok(Media::Directory { path: section.url.into(), named: true });
    }
    let hint =
        "give a whole path such as /srv/media, or s3://BUCKET/PREFIX/ of small letters, digits, dots and hyphens";
    let place = section.url.strip_prefix("s3://").and_then(bucket_and_prefix);
    let (bucket, prefix) =
        place.ok_or_else(|| source.error(at_url(), "files cannot be kept in a place of this kind", hint))?;
    let endpoint = Url::parse(&section.s3_endpoint).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/" && url.query().is_none()
    });
    let endpoint = endpoint.ok_or_else(|| {
        let hint = "give the server without the bucket, such as https://s3.eu-central-1.amazonaws.com";
        let at = if written.s3_endpoint.is_some() { span(&written.s3_endpoint) } else { at_url() };
        source.error(at, "media.s3_endpoint is no address of a server", hint)
    })?;
    let key = |name: &str, given: &Option<Spanned<String>>, value: &str| {
        let fetched = secret::fetch(value, env).map_err(|(message, hint)| source.error(span(given), message, hint))?;
        if fetched.is_empty() {
            let at = if given.is_some() { span(given) } else { at_url() };
            return Err(source.error(at, format!("media.{name} is missing"), "give the key of the bucket: env:NAME"));
        }
        Ok(Secret::new(fetched))
    };
    Ok(Media::Bucket(BucketOptions {
        endpoint,
        region: section.s3_region,
        bucket,
        prefix,
        access_key: key("s3_access_key", &written.s3_access_key, &section.s3_access_key)?,
        secret_key: key("s3_secret_key", &written.s3_secret_key, &section.s3_secret_key)?,
    }))
}

/// The parts of `BUCKET/PREFIX/`, where they hold nothing that a path would have to encode.
fn bucket_and_prefix(text: &str) -> Option<(String, String)> {
    let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let is_name = (3..=63).contains(&bucket.len()) && bucket.bytes().all(is_plain);
    let is_path = prefix.bytes().all(|byte| is_plain(byte) || byte == b'/') && !prefix.contains("..");
    let prefix = prefix.trim_end_matches('/');
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    (is_name && is_path && !prefix.starts_with('/')).then(|| (bucket.to_owned(), prefix))
}

fn span<T>(value: &Option<Spanned<T>>) -> std::ops::Range<usize> {
    value.as_ref().map_or(0..0, Spanned::span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<Media, ConfigError> {
        Config::parse("test.toml", text, &|name| (name == "KEY").then(|| "k3y".to_owned())).map(|config| config.media)
    }

    #[test]
    fn files_lie_where_the_file_says() {
        let Ok(Media::Directory { path, named: false }) = read("data_dir = \"/d\"") else { panic!("no directory") };
        assert_eq!(path, Path::new("/d/media"));
        assert!(matches!(read("[media]\nurl = \"/srv/m\""), Ok(Media::Directory { named: true, .. })));
        let bucket = "[media]\nurl = \"s3://acme-media/blendline\"\ns3_endpoint = \"http://10.0.0.7:9000\"\n\
            s3_access_key = \"id\"\ns3_secret_key = \"env:KEY\"";
        let Ok(Media::Bucket(options)) = read(bucket) else { panic!("no bucket") };
        assert_eq!((options.bucket.as_str(), options.prefix.as_str()), ("acme-media", "blendline/"));
        assert_eq!((options.secret_key.expose(), options.region.as_str()), ("k3y", "us-east-1"));
        for (from, to, key) in [
            ("s3://acme-media/blendline", "gs://acme", "media.url"),
            ("s3://acme-media/blendline", "s3://acme-media/../x", "media.url"),
            ("s3://acme-media/blendline", "media", "media.url"),
            ("http://10.0.0.7:9000", "10.0.0.7", "media.s3_endpoint"),
            ("http://10.0.0.7:9000", "http://10.0.0.7/bucket", "media.s3_endpoint"),
            ("env:KEY", "env:OTHER", "media.s3_secret_key"),
            ("\"id\"", "\"\"", "media.s3_access_key"),
        ] {
            let error = read(&bucket.replace(from, to)).unwrap_err();
            assert_eq!(error.key, key, "{to}: {error}");
        }
    }
}
