//! MAAC on the engineer's own machine, over the sender reference ([`maac_webhook_sender`]): the console's pages, MAAC's OpenAPI calls,
//! and a small JSON API for all that the console does.

pub use maac_webhook_sender;
