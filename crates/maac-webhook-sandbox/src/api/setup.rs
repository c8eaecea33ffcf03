use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use maac_webhook_sender::producers::{Campaign, Friend, PnpSetting, ProducerError, Survey};

use super::{body::Body, error::ApiError, messages::number, router::Api};
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

pub(super) async fn remove_friend(
    State(api): State<Api>,
    Path(line_uid): Path<String>,
) -> Result<StatusCode, ApiError> {
    removed(&api, move |setup| setup.remove_friend(&line_uid)).await
}

pub(super) async fn remove_campaign(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    removed(&api, move |setup| setup.remove_campaign(&name)).await
}

pub(super) async fn remove_survey(
    State(api): State<Api>,
    Path(svid): Path<String>,
) -> Result<StatusCode, ApiError> {
    removed(&api, move |setup| setup.remove_survey(&svid)).await
}

pub(super) async fn remove_pnp_setting(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let no_such = || ApiError::not_found("no_such_pnp_setting", format!("There is no SMS+ template {id}."));
    let id = number(&id).ok_or_else(no_such)?;
    if !api.sandbox.producers().setup().has_pnp_setting(id) {
        return Err(no_such());
    }
    removed(&api, move |setup| setup.remove_pnp_setting(id)).await
}

async fn removed(
    api: &Api,
    remove: impl FnOnce(&mut Setup) -> Result<(), ProducerError> + Send + 'static,
) -> Result<StatusCode, ApiError> {
    api.sandbox.change_setup(remove).await?;
    Ok(StatusCode::NO_CONTENT)
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
