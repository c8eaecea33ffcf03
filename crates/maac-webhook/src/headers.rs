//! The names of the headers MAAC sends (MAAC OpenAPI, Webhook).

/// The header with the signature: 64 lower-case hexadecimal characters, the HMAC-SHA256 of the raw
/// body under the endpoint's share secret.
pub const SIGNATURE: &str = "cresclab-signature";

/// The header with the idempotency key: unique per event and the same on each retry of it. **It is
/// not covered by the signature.**
pub const IDEMPOTENCY_KEY: &str = "cresclab-idempotency-key";
