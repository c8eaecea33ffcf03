use axum::{Json, extract::State};
use maac_webhook_sender::producers::{Campaign, Friend, PnpSetting, Survey};

use super::{body::Body, error::ApiError, router::Api};
use crate::Setup;

pub(super) async fn show(State(api): State<Api>) -> Json<Setup> {
    Json(api.sandbox.producers().setup().clone())
}

pub(super) async fn put_friend(
    State(api): State<Api>,
    Body(friend): Body<Friend>,
) -> Result<Json<Setup>, ApiError> {
    changed(&api, |setup| setup.put_friend(friend)).await
}

pub(super) async fn put_campaign(
    State(api): State<Api>,
    Body(campaign): Body<Campaign>,
) -> Result<Json<Setup>, ApiError> {
    changed(&api, |setup| setup.put_campaign(campaign)).await
}

pub(super) async fn put_survey(
    State(api): State<Api>,
    Body(survey): Body<Survey>,
) -> Result<Json<Setup>, ApiError> {
    changed(&api, |setup| setup.put_survey(survey)).await
}

pub(super) async fn put_pnp_setting(
    State(api): State<Api>,
    Body(setting): Body<PnpSetting>,
) -> Result<Json<Setup>, ApiError> {
    changed(&api, |setup| setup.put_pnp_setting(setting)).await
}

async fn changed(
    api: &Api,
    change: impl FnOnce(&mut Setup) + Send + 'static,
) -> Result<Json<Setup>, ApiError> {
    let changed = api.sandbox.change_setup(move |setup| {
        change(setup);
        Ok(())
    });
    changed.await?;
    Ok(Json(api.sandbox.producers().setup().clone()))
}
