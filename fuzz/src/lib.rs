//! What several targets share.

pub mod http;
