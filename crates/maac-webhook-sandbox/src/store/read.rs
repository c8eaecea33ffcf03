//! The log read back, a page at a time: by the log's own order and an index, so that its length does not matter.

use std::{str::FromStr, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    RecordedBody, ResponseRecord,
    dispatch::{AcceptedDelivery, DeliveryId, Origin},
    platform::EndpointId,
};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::{
    AttemptResult, Database, DeliveryDetails, DeliveryState, DeliverySummary, Page, StoreError, StoredAttempt,
};

const SUMMARY: &str =
    "seq, id, endpoint, endpoint_name, origin, replay_of, topic, idempotency_key, accepted_at,
    outcome, attempts, status, error, next_attempt_at, because, ended_at";

impl Database {
    /// The deliveries before this one, the newest first; of one endpoint, where it is told.
    pub(crate) async fn deliveries(
        &self,
        endpoint: Option<EndpointId>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<DeliverySummary>, StoreError> {
        self.run(move |connection| deliveries(connection, endpoint, before, limit)).await
    }

    /// One delivery.
    pub(crate) async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryDetails>, StoreError> {
        self.run(move |connection| delivery(connection, id)).await
    }
}

fn deliveries(
    connection: &Connection,
    endpoint: Option<EndpointId>,
    before: Option<u64>,
    limit: usize,
) -> rusqlite::Result<Page<DeliverySummary>> {
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    // One more than asked for tells whether there is another page.
    let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut items: Vec<_> = match endpoint {
        Some(endpoint) => {
            let sql = format!(
                "SELECT {SUMMARY} FROM sandbox_deliveries WHERE endpoint = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
            );
            let mut select = connection.prepare_cached(&sql)?;
            select
                .query_map(params![endpoint.to_string(), before, more], summary)?
                .collect::<Result<_, _>>()?
        }
        None => {
            let sql =
                format!("SELECT {SUMMARY} FROM sandbox_deliveries WHERE seq < ? ORDER BY seq DESC LIMIT ?");
            let mut select = connection.prepare_cached(&sql)?;
            select.query_map(params![before, more], summary)?.collect::<Result<_, _>>()?
        }
    };
    let another = items.len() > limit;
    items.truncate(limit);
    let next_before = items.last().filter(|_| another).map(|last| last.seq);
    Ok(Page { items, next_before })
}

fn delivery(connection: &Connection, id: DeliveryId) -> rusqlite::Result<Option<DeliveryDetails>> {
    let sql = format!(
        "SELECT {SUMMARY}, url, headers, body, attempt_began_at FROM sandbox_deliveries WHERE id = ?"
    );
    let details = |row: &Row<'_>| {
        let summary = summary(row)?;
        let body = RecordedBody::from(Bytes::from(row.get::<_, Vec<u8>>("body")?));
        let accepted = AcceptedDelivery {
            id: summary.id,
            endpoint: summary.endpoint,
            endpoint_name: summary.endpoint_name.clone(),
            origin: summary.origin,
            replay_of: summary.replay_of,
            topic: summary.topic.clone(),
            idempotency_key: summary.idempotency_key.clone(),
            body: body.clone(),
            accepted_at: summary.accepted_at,
        };
        Ok(DeliveryDetails {
            accepted,
            url: row.get("url")?,
            headers: from_json(row, "headers")?.unwrap_or_default(),
            body,
            attempt_began_at: time(row, "attempt_began_at")?,
            timeline: attempts(connection, summary.seq)?,
            summary,
        })
    };
    connection.query_row(&sql, [id.to_string()], details).optional()
}

fn attempts(connection: &Connection, seq: u64) -> rusqlite::Result<Vec<StoredAttempt>> {
    let sql = "SELECT * FROM sandbox_attempts WHERE delivery = ? ORDER BY number";
    let mut select = connection.prepare_cached(sql)?;
    let attempts = select.query_map([seq], |row| {
        let result = match row.get::<_, Option<u16>>("status")? {
            Some(status) => AttemptResult::Response(ResponseRecord {
                status,
                headers: from_json(row, "headers")?.unwrap_or_default(),
                body: RecordedBody::from(Bytes::from(
                    row.get::<_, Option<Vec<u8>>>("body")?.unwrap_or_default(),
                )),
                truncated: row.get("truncated")?,
            }),
            None => AttemptResult::Error {
                kind: row.get::<_, Option<String>>("error")?.unwrap_or_default(),
                message: row.get::<_, Option<String>>("error_message")?.unwrap_or_default(),
            },
        };
        Ok(StoredAttempt {
            number: row.get("number")?,
            started_at: required_time(row, "started_at")?,
            duration: Duration::from_micros(row.get("duration")?),
            result,
            retry_after: row.get::<_, Option<u64>>("retry_after")?.map(Duration::from_micros),
        })
    })?;
    attempts.collect()
}

fn summary(row: &Row<'_>) -> rusqlite::Result<DeliverySummary> {
    let outcome: Option<String> = row.get("outcome")?;
    Ok(DeliverySummary {
        seq: row.get("seq")?,
        id: parsed(row, "id")?.ok_or_else(|| corrupt("id"))?,
        endpoint: parsed(row, "endpoint")?.ok_or_else(|| corrupt("endpoint"))?,
        endpoint_name: row.get("endpoint_name")?,
        origin: if row.get::<_, String>("origin")? == "test" { Origin::Test } else { Origin::Event },
        replay_of: parsed(row, "replay_of")?,
        topic: Topic::from(row.get::<_, String>("topic")?),
        idempotency_key: row.get("idempotency_key")?,
        accepted_at: required_time(row, "accepted_at")?,
        state: DeliveryState::of_column(outcome.as_deref()).ok_or_else(|| corrupt("outcome"))?,
        attempts: row.get("attempts")?,
        status: row.get("status")?,
        error: row.get("error")?,
        next_attempt_at: time(row, "next_attempt_at")?,
        because: from_json(row, "because")?,
        ended_at: time(row, "ended_at")?,
    })
}

pub(super) fn required_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    time(row, column)?.ok_or_else(|| corrupt(column))
}

fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let microseconds: Option<i64> = row.get(column)?;
    microseconds.map(|at| Timestamp::from_microsecond(at).map_err(|_| corrupt(column))).transpose()
}

pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|_| corrupt(column))).transpose()
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| corrupt(column))).transpose()
}

pub(super) fn corrupt(column: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(0, column.to_owned(), Type::Text)
}
