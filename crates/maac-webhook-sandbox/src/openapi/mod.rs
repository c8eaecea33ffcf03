//! MAAC's OpenAPI calls that lead to events, under `/openapi/v1` (MAAC OpenAPI reference).
//!
//! | call | |
//! | --- | --- |
//! | `POST /event/`, `GET /event/`, `GET /event/{id}/` | the events that messages are pushed under, 1,000 at most |
//! | `GET /event/{id}/report/` | how often those messages were opened |
//! | `POST /direct_message/push/` | a message to one friend |
//! | `POST /direct_message/multicast/` | to 150 friends at most |
//! | `POST /direct_message/enhanced_multicast/` | to 500 at most, whose opens are not tracked by friend |
//! | `GET /direct_message/{id}/` | how far a message is |
//! | `POST /pnp/message/push/`, `POST /pnp/message/multicast/` | SMS+ messages |
//!
//! 1. Each wants `Authorization: Bearer TOKEN`; without it, or with another token, the answer is 401.
//! 2. Pushes are limited in a second, each call for itself; beyond it the answer is 429.
//! 3. What is wrong with a request is told: as `{"message", "details"}`, and by the SMS+ calls as one line of plain text.
//! 4. A push gives an event when somebody opens the message, and not before. An SMS+ message's statuses follow by
//!    themselves or are reported by hand, as [`SmsPlusProgress`] says.
//!
//! What the reference leaves open is told in `docs/fidelity.md` of the project.

pub(crate) mod body;
mod direct_message;
mod error;
mod event;
mod limits;
mod pnp;
mod progress;
mod router;
mod settings;
#[cfg(test)]
mod tests;
mod token;

pub use progress::SmsPlusProgress;
pub(crate) use progress::SmsPlusReporter;
pub use router::router;
pub use settings::OpenApiSettings;
pub use token::{InvalidOpenApiToken, OpenApiToken};
