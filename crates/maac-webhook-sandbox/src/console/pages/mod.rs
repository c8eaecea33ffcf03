pub(super) mod deliveries;
pub(super) mod delivery;
pub(super) mod login;
pub(super) mod openapi;
pub(super) mod purchase;
pub(super) mod simulate;
pub(super) mod webhook;
pub(super) mod webhooks;

use super::{
    answer::{Failed, missing},
    visit::Visit,
};

pub(super) async fn not_found(visit: Visit) -> Failed {
    missing(&visit)
}
