//! The console in a real browser: a headless Chromium, driven by chromedriver.

mod axe;
mod driver;
pub(crate) mod pages;
mod walk;
mod without_scripts;
