//! Attacks on verification whose figures are in `docs/reliability.md`: [`forgery`] by the million, and [`timing`].

#![allow(clippy::expect_used, reason = "an attack stops where it is wrong itself")]

pub mod forgery;
pub mod timing;
