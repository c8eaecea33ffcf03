//! The sandbox from outside: what it keeps, and what it delivers to a receiver over a real socket.

mod log;
mod restart;
mod support;
