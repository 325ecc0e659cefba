//! Which bucket several processes share. The key comes from the environment only: the arguments of a process
//! are seen by everyone on its machine.

use std::env;

use clap::Args;

use super::CliError;
use crate::store::BucketOptions;

/// Where the name of the access key stands, and where its secret does.
const KEY: (&str, &str) = ("LANGDU_S3_ACCESS_KEY_ID", "LANGDU_S3_SECRET_ACCESS_KEY");

#[derive(Debug, Args)]
pub(super) struct BucketArgs {
    /// Bucket of an S3 server that several processes share clips and notices in; the folder is before it. The key
    /// is taken from LANGDU_S3_ACCESS_KEY_ID and LANGDU_S3_SECRET_ACCESS_KEY
    #[arg(long, value_name = "NAME", env = "LANGDU_S3_BUCKET")]
    s3_bucket: Option<String>,
    /// Address of the S3 server (https://s3.example.gov.cn); that of AWS when not given
    #[arg(long, value_name = "URL", env = "LANGDU_S3_ENDPOINT", requires = "s3_bucket")]
    s3_endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, value_name = "NAME", env = "LANGDU_S3_REGION", requires = "s3_bucket")]
    s3_region: Option<String>,
    /// Folder of the bucket that everything lies in
    #[arg(long, value_name = "PATH", default_value = "", env = "LANGDU_S3_PREFIX")]
    s3_prefix: String,
    /// Ask the S3 server without encryption, where its address is http://
    #[arg(long, env = "LANGDU_S3_ALLOW_HTTP")]
    s3_allow_http: bool,
}

impl BucketArgs {
    /// The bucket, if one is to be used.
    ///
    /// # Errors
    /// When there is no key.
    pub(super) fn options(&self) -> Result<Option<BucketOptions>, CliError> {
        let Some(bucket) = self.s3_bucket.clone().filter(|name| !name.is_empty()) else { return Ok(None) };
        let secret = |name: &str| {
            let found = env::var(name).ok().filter(|value| !value.is_empty());
            found.ok_or_else(|| CliError::Said(format!("the bucket {bucket}: {name} is not set")))
        };
        Ok(Some(BucketOptions {
            access_key_id: secret(KEY.0)?,
            secret_access_key: secret(KEY.1)?,
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            prefix: self.s3_prefix.clone(),
            allow_http: self.s3_allow_http,
            bucket,
        }))
    }
}
