use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use jiff::civil::Date;
use maac_webhook_sender::producers::{OpenApiEvent, ProducerError, ProducerErrorKind};
use serde::{Deserialize, Serialize};

use super::{
    body::{self, TakenBody},
    error::CallError,
    router::OpenApi,
};

#[derive(Deserialize)]
pub(super) struct NewEvent {
    name: String,
}

#[derive(Serialize)]
pub(super) struct Event {
    id: u64,
    name: String,
}

#[derive(Serialize)]
pub(super) struct EventReport {
    id: u64,
    report: Report,
}

#[derive(Serialize)]
struct Report {
    total: Total,
    urls: [(); 0],
    messages: [(); 0],
}

/// Nothing is clicked or bought here.
#[derive(Default, Serialize)]
struct Total {
    opens: u64,
    clicks: u64,
    unique_clicks: u64,
    adds_to_cart: u64,
    transactions: u64,
    transaction_revenue: u64,
}

impl From<&OpenApiEvent> for Event {
    fn from(event: &OpenApiEvent) -> Self {
        Self { id: event.id(), name: event.name().to_owned() }
    }
}

pub(super) async fn create(
    State(api): State<OpenApi>,
    body: TakenBody,
) -> Result<(StatusCode, Json<Event>), CallError> {
    let NewEvent { name } = body::read(&body?)?;
    let event = api.sandbox.create_openapi_event(name).await?;
    Ok((StatusCode::CREATED, Json(Event::from(&event))))
}

pub(super) async fn list(State(api): State<OpenApi>) -> Json<Vec<Event>> {
    Json(api.sandbox.producers().messages.events().map(Event::from).collect())
}

pub(super) async fn show(
    State(api): State<OpenApi>,
    Path(id): Path<String>,
) -> Result<Json<Event>, CallError> {
    let producers = api.sandbox.producers();
    let event = producers.messages.event(number(&id)?).map_err(|error| not_found(&error))?;
    Ok(Json(event.into()))
}

pub(super) async fn report(
    State(api): State<OpenApi>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<EventReport>, CallError> {
    let (first, last) = days(query.as_deref().unwrap_or_default())?;
    let producers = api.sandbox.producers();
    let event = producers.messages.event(number(&id)?).map_err(|error| not_found(&error))?;
    let report = event.report(first, last);
    let total = Total { opens: report.opens, ..Total::default() };
    Ok(Json(EventReport { id: report.event_id, report: Report { total, urls: [], messages: [] } }))
}

/// An id of the path.
pub(super) fn number(id: &str) -> Result<u64, CallError> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| id.parse().ok()).flatten();
    number.ok_or_else(|| CallError::new(StatusCode::NOT_FOUND, "There is nothing of this id."))
}

fn not_found(error: &ProducerError) -> CallError {
    let is_missing = matches!(error.kind(), ProducerErrorKind::NoSuchEvent { .. });
    let status = if is_missing { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
    CallError::new(status, error.to_string())
}

/// `start_date` and `end_date`, both included and as `2025-11-28`. What stands there is plain, so nothing is decoded.
fn days(query: &str) -> Result<(Option<Date>, Option<Date>), CallError> {
    let day = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let Some((_, text)) = pairs.find(|(own, _)| *own == name) else { return Ok(None) };
        let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
        day.map(Some).ok_or_else(|| CallError::of(name, "is a day as 2025-11-28"))
    };
    let (first, last) = (day("start_date")?, day("end_date")?);
    match (first, last) {
        (Some(first), Some(last)) if last < first => Err(CallError::of("end_date", "is before start_date")),
        days => Ok(days),
    }
}
