//! The console in a real browser: a headless Chromium, driven by chromedriver.

mod axe;
mod driver;
mod edit;
pub(crate) mod pages;
mod walk;
mod without_scripts;
