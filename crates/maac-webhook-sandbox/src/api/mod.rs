//! A small JSON API for all that the console does, under `/api`.
//!
//! `GET /api/openapi.json` describes it (OpenAPI 3.1); a test holds the description against the routes and against what is
//! really answered.
//!
//! 1. What changes something wants `Content-Type: application/json`, also where there is no body: a web page elsewhere
//!    cannot send it without asking first, and is never allowed to.
//! 2. An error is `{"code", "message", "property"}`: a name that stays, the console's words, and which part of the request
//!    it is of, where it is of one.
//! 3. Nothing that is answered may be kept by a cache. A share secret is told only by the two calls that say so.
//! 4. Who may make the calls at all is the server's to say.

mod body;
mod deliveries;
mod document;
mod endpoints;
mod error;
mod friends;
mod guard;
mod messages;
mod platform;
mod router;
mod setup;
mod sms_plus;
#[cfg(test)]
mod tests;
mod updates;

pub use router::router;
