use axum::{Json, extract::State};
use jiff::{Timestamp, civil::Date};
use maac_webhook_sender::platform::{Platform, Purchase, Zone};
use serde::{Deserialize, Serialize};

use super::{body::Body, error::ApiError, router::Api};

#[derive(Serialize)]
pub(super) struct PlatformView {
    purchase: PurchaseView,
    working: usize,
    working_limit: usize,
}

#[derive(Serialize)]
struct PurchaseView {
    zones: Vec<Zone>,
    from: Timestamp,
    until: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct PurchaseForm {
    zones: Vec<Zone>,
    first_day: Date,
    last_day: Date,
}

impl From<&Platform> for PlatformView {
    fn from(platform: &Platform) -> Self {
        let purchase = platform.purchase();
        let (zones, from, until) = (purchase.zones().collect(), purchase.from(), purchase.until());
        let (working, working_limit) = (platform.working(), platform.working_limit());
        Self { purchase: PurchaseView { zones, from, until }, working, working_limit }
    }
}

pub(super) async fn show(State(api): State<Api>) -> Json<PlatformView> {
    Json(PlatformView::from(&*api.sandbox.platform()))
}

pub(super) async fn buy(
    State(api): State<Api>,
    Body(PurchaseForm { zones, first_day, last_day }): Body<PurchaseForm>,
) -> Result<Json<PlatformView>, ApiError> {
    let bought = api.sandbox.change_platform(move |platform, _| {
        platform.set_purchase(Purchase::of_days(zones, first_day, last_day)?);
        Ok(PlatformView::from(&*platform))
    });
    Ok(Json(bought.await?))
}
