//! What the store of files stands on: a directory, or a bucket of a server that speaks S3.

mod directory;
mod doctor;
mod s3;

pub use directory::Directory;
pub use doctor::examine;
pub use s3::{Bucket, BucketOptions};
