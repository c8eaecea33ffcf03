//! Looking behind the receiver's answers, where it lets us: see [the protocol](crate#the-probe).

mod client;
mod listing;

pub(crate) use client::Probe;
pub(crate) use listing::{Identity, Listing};

use std::fmt;

/// What a receiver under test may be told to suffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    StoreDown,
    StoreUp,
    Crash,
}

impl Fault {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::StoreDown => "store_down",
            Self::StoreUp => "store_up",
            Self::Crash => "crash",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
