//! The client of an S3 server. Everything it does is bounded in time: it would try for minutes by itself.

use std::{sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, S3ConditionalPut},
};

use super::{BucketOptions, StoreError};

/// Where no region is given. Servers that are not of AWS take any, or tell in their manual which.
const REGION: &str = "us-east-1";

/// So long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// A request is sent once more after a failure that may have passed.
const RETRIES: usize = 1;

/// The objects of a bucket. Nothing is asked yet.
///
/// # Errors
/// [`StoreError::Bucket`] when what was given makes no address, or there is no key.
pub(super) fn objects(
    options: &BucketOptions,
    patience: Duration,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    if options.access_key_id.is_empty() || options.secret_access_key.is_empty() {
        // Without a key the client would ask the network for one.
        return Err(StoreError::Bucket("it needs an access key and its secret".to_owned()));
    }
    // No provider of cryptography is compiled in by default. That one was chosen before does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = ClientOptions::new()
        .with_connect_timeout(CONNECT.min(patience))
        .with_timeout(patience)
        .with_allow_http(options.allow_http);
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(50),
        max_backoff: Duration::from_millis(200),
        ..BackoffConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&options.bucket)
        .with_region(options.region.as_deref().unwrap_or(REGION))
        .with_access_key_id(&options.access_key_id)
        .with_secret_access_key(&options.secret_access_key)
        .with_allow_http(options.allow_http)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(RetryConfig { backoff, max_retries: RETRIES, retry_timeout: patience })
        .with_client_options(client);
    if let Some(endpoint) = &options.endpoint {
        let plain = endpoint.starts_with("http://");
        if !plain && !endpoint.starts_with("https://") {
            return Err(StoreError::Bucket(
                "its endpoint begins with neither https:// nor http://".to_owned(),
            ));
        }
        if plain && !options.allow_http {
            let why = "its endpoint is http://, which sends clips and notices unencrypted: allow that, or use https://";
            return Err(StoreError::Bucket(why.to_owned()));
        }
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    let objects = builder.build().map_err(|why| StoreError::Bucket(why.to_string()))?;
    Ok(Arc::new(objects))
}
