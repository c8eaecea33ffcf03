//! The console over a real socket, without a browser: what a page has, and what it refuses.

mod browser;
mod guard;
mod live;
mod pages;
mod simulate;

pub(crate) use browser::{Browser, Console};
