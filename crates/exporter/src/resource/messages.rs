//! What is said about rules that both the API server and [`normalise`](super::normalise) check, in the same words.

pub(super) const UNKNOWN_SOURCE: &str =
    "sinks[].sources names a source that is not in spec.sources";
pub(super) const ONE_TRANSPORT: &str = "a sink needs exactly one transport: otlp_http";
pub(super) const LABEL_VALUES: &str = "In and NotIn need values; Exists and DoesNotExist take none";
pub(super) const ONE_GROUP: &str = "give apiGroups or group, not both";
pub(super) const ONE_AUTHENTICATION: &str = "give exactly one of type, basic and bearer";
pub(super) const TYPE_AND_SECRET: &str = "type and secretRef belong together";
pub(super) const KEY: &str = "secretRef.key is for bearerToken and apiKeyHeader; the other types read several keys of the Secret";
pub(super) const HEADER: &str =
    "header is required for apiKeyHeader; header and prefix are for apiKeyHeader only";
pub(super) const TOKEN_URL: &str = "tokenUrl is required for oauth2ClientCredentials; tokenUrl and scopes are for oauth2ClientCredentials only";
pub(super) const ONE_BACKOFF: &str = "give backoff or backoffDuration, not both";
pub(super) const BACKOFF_ORDER: &str = "maxBackoff must not be shorter than backoff";
pub(super) const BATCH_BYTES: &str = "batch.maxBytes must be between 1Ki and 64Mi";
pub(super) const LAG: &str = "minLag must be at most 24h";
pub(super) const STEP: &str = "step must be between 1s and 1h";
pub(super) const BATCH_TIMEOUT: &str = "batch.timeout must be at most 5m";
pub(super) const BACKOFF: &str = "backoff must be between 100ms and 1h";
pub(super) const BACKOFF_DURATION: &str = "backoffDuration must be between 100ms and 1h";
pub(super) const LONGEST_PAUSE: &str = "maxBackoff must be at most 1h";
pub(super) const AGE: &str = "maxAge must be at least 1m";
