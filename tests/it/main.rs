//! What crosses crates, over real sockets.

mod bad_input;
mod parity;
