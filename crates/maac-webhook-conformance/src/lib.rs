#![doc = include_str!("../README.md")]

mod case;
mod cases;
mod error;
mod grade;
mod probe;
mod report;
mod secrets;
mod selection;
mod settings;
mod suite;
mod trial;
mod wire;

pub use maac_webhook;
pub use maac_webhook_sender;

pub use case::{Basis, Case, Group, Level};
pub use cases::cases;
pub use error::{SuiteError, SuiteErrorKind};
pub use grade::Status;
pub use report::{CaseReport, Report, Verdict};
pub use selection::Selection;
pub use suite::Suite;
pub use wire::{Answer, Exchange};
