//! What friends do, and what they are given: receipts, surveys, profiles and points.

use axum::{
    Json,
    extract::{Path, State},
};
use maac_webhook_sender::producers::{
    CampaignResult, NoMatch, PointsGrant, ProducerError, ProducerErrorKind, ProfileBinding, ReceiptUpload,
    Submission,
};
use serde::Serialize;

use super::{body::Body, error::ApiError, router::Api};
use crate::PublishedEvent;

#[derive(Serialize)]
pub(super) struct Uploaded {
    campaigns: Vec<CampaignView>,
}

/// What one campaign makes of a receipt: an event, or why there is none.
#[derive(Serialize)]
struct CampaignView {
    campaign: String,
    event: Option<PublishedEvent>,
    no_event: Option<WhyNot>,
}

/// Why there is no event.
#[derive(Serialize)]
pub(super) struct WhyNot {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl From<NoMatch> for WhyNot {
    fn from(no_match: NoMatch) -> Self {
        Self { reason: no_match.as_str(), message: no_match.to_string() }
    }
}

pub(super) async fn upload_receipt(
    State(api): State<Api>,
    Body(upload): Body<ReceiptUpload>,
) -> Result<Json<Uploaded>, ApiError> {
    let results = {
        let (now, producers) = (api.sandbox.now(), api.sandbox.producers());
        producers.receipts.upload(&upload, &producers.setup().campaigns, now)?
    };
    // All of the receipt's events, or none.
    let events: Vec<_> = results.iter().filter_map(|result| result.event.clone().ok()).collect();
    let mut published = api.sandbox.publish_all(events).await?.into_iter();
    let campaign = |result: CampaignResult| {
        let (event, no_event) = match result.event {
            Ok(_) => (published.next(), None),
            Err(no_match) => (None, Some(no_match.into())),
        };
        CampaignView { campaign: result.campaign, event, no_event }
    };
    let campaigns = results.into_iter().map(campaign).collect();
    Ok(Json(Uploaded { campaigns }))
}

pub(super) async fn submit_survey(
    State(api): State<Api>,
    Path(svid): Path<String>,
    Body(submission): Body<Submission>,
) -> Result<Json<PublishedEvent>, ApiError> {
    let event = {
        let (now, producers) = (api.sandbox.now(), api.sandbox.producers());
        let survey = producers.setup().surveys.iter().find(|survey| survey.svid == svid);
        let survey = survey.ok_or(ProducerError::from(ProducerErrorKind::NoSuchSurvey { svid }))?;
        producers.survey_cake.submit(survey, &submission, now)?
    };
    Ok(Json(api.sandbox.publish(event).await?))
}

pub(super) async fn bind_profile(
    State(api): State<Api>,
    Body(binding): Body<ProfileBinding>,
) -> Result<Json<PublishedEvent>, ApiError> {
    Ok(Json(api.sandbox.publish(binding.event()?).await?))
}

pub(super) async fn add_points(
    State(api): State<Api>,
    Body(grant): Body<PointsGrant>,
) -> Result<Json<PublishedEvent>, ApiError> {
    let event = grant.event(api.sandbox.now())?;
    Ok(Json(api.sandbox.publish(event).await?))
}
