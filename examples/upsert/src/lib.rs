//! What the upsert examples do with an event, whichever framework received it.

mod database;
mod topics;

pub use database::Database;
pub use topics::topics;
