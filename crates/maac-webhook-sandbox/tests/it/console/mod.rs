//! The console over a real socket, without a browser: what a page has, and what it refuses.

mod browser;
mod chinese;
mod full;
mod guard;
mod live;
mod openapi;
mod pages;
mod setup;
mod simulate;

pub(crate) use browser::{Browser, Console, OPENAPI_TOKEN};
