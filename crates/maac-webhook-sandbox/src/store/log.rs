//! Every step of every delivery, as it happens.

use jiff::Timestamp;
use maac_webhook_sender::{
    Attempt,
    dispatch::{AcceptedDelivery, DeliveryLog, DeliveryUpdate, Origin},
};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::{Database, DeliveryState, StoreError, StoreErrorKind};

/// A [`DeliveryLog`] in the sandbox's file.
#[derive(Clone, Debug)]
pub struct SqliteLog {
    database: Database,
    retention: u64,
}

impl SqliteLog {
    /// How many deliveries are kept unless told otherwise: 50,000.
    pub const DEFAULT_RETENTION: u64 = 50_000;

    /// A log that keeps so many deliveries. The oldest go first, and none that is under way.
    pub(crate) fn new(database: Database, retention: u64) -> Self {
        Self { database, retention }
    }
}

impl DeliveryLog for SqliteLog {
    type Error = StoreError;

    async fn record(&self, update: &DeliveryUpdate) -> Result<(), StoreError> {
        let (update, retention) = (update.clone(), self.retention);
        self.database.run(move |connection| record(connection, &update, retention)).await
    }
}

/// What was under way when the program ended.
pub(super) fn interrupt(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "UPDATE sandbox_deliveries SET outcome = ?, attempt_began_at = NULL, next_attempt_at = NULL WHERE outcome IS NULL";
    connection.execute(sql, [DeliveryState::Interrupted.as_str()]).map(|_| ())
}

fn record(connection: &mut Connection, update: &DeliveryUpdate, retention: u64) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    match update {
        DeliveryUpdate::Accepted { delivery, .. } => {
            accepted(&transaction, delivery)?;
            prune(&transaction, retention)?;
        }
        DeliveryUpdate::Signed { id, url, request, .. } => {
            let sql = "UPDATE sandbox_deliveries SET url = ?, headers = ? WHERE id = ?";
            transaction.execute(sql, params![url, json(&request.headers)?, id.to_string()])?;
        }
        DeliveryUpdate::AttemptBegan { id, at, .. } => {
            let sql =
                "UPDATE sandbox_deliveries SET attempt_began_at = ?, next_attempt_at = NULL WHERE id = ?";
            transaction.execute(sql, params![at.as_microsecond(), id.to_string()])?;
        }
        DeliveryUpdate::AttemptEnded { id, attempt, next_attempt_at, .. } => {
            attempt_ended(&transaction, &id.to_string(), attempt, *next_attempt_at)?;
        }
        DeliveryUpdate::Finished { id, outcome, because, at, .. } => {
            let because = because.as_ref().map(json).transpose()?;
            let sql = "UPDATE sandbox_deliveries SET outcome = ?, because = ?, ended_at = ?, attempt_began_at = NULL,
                next_attempt_at = NULL WHERE id = ?";
            let outcome = DeliveryState::from(*outcome).as_str();
            transaction.execute(sql, params![outcome, because, at.as_microsecond(), id.to_string()])?;
        }
        // One that is new is not lost by our book-keeping: the delivery goes on.
        _ => {}
    }
    Ok(transaction.commit()?)
}

fn accepted(connection: &Connection, delivery: &AcceptedDelivery) -> rusqlite::Result<()> {
    let origin = match delivery.origin {
        Origin::Test => "test",
        _ => "event",
    };
    let sql = "INSERT INTO sandbox_deliveries
        (id, endpoint, endpoint_name, origin, replay_of, topic, idempotency_key, body, accepted_at)
        VALUES (:id, :endpoint, :name, :origin, :replay_of, :topic, :key, :body, :at)";
    let mut insert = connection.prepare_cached(sql)?;
    insert.execute(named_params! {
        ":id": delivery.id.to_string(),
        ":endpoint": delivery.endpoint.to_string(),
        ":name": delivery.endpoint_name,
        ":origin": origin,
        ":replay_of": delivery.replay_of.map(|id| id.to_string()),
        ":topic": delivery.topic.as_str(),
        ":key": delivery.idempotency_key,
        ":body": &delivery.body.as_bytes()[..],
        ":at": delivery.accepted_at.as_microsecond(),
    })?;
    Ok(())
}

fn attempt_ended(
    connection: &Connection,
    id: &str,
    attempt: &Attempt,
    next_attempt_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "SELECT seq FROM sandbox_deliveries WHERE id = ?";
    let Some(seq) = connection.query_row(sql, [id], |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(());
    };
    let (response, error) = match &attempt.result {
        Ok(response) => (Some(response), None),
        Err(error) => (None, Some(error)),
    };
    let (status, error_kind) =
        (response.map(|response| response.status), error.map(|error| error.kind().as_str()));
    let sql = "INSERT INTO sandbox_attempts (delivery, number, started_at, duration, status, headers, body,
        truncated, error, error_message, retry_after)
        VALUES (:delivery, :number, :started_at, :duration, :status, :headers, :body, :truncated, :error,
        :error_message, :retry_after)";
    connection.execute(
        sql,
        named_params! {
            ":delivery": seq,
            ":number": attempt.number,
            ":started_at": attempt.started_at.as_microsecond(),
            ":duration": microseconds(attempt.duration),
            ":status": status,
            ":headers": response.map(|response| json(&response.headers)).transpose()?,
            ":body": response.map(|response| &response.body.as_bytes()[..]),
            ":truncated": response.is_some_and(|response| response.truncated),
            ":error": error_kind,
            ":error_message": error.map(|error| error.message()),
            ":retry_after": attempt.retry_after.map(microseconds),
        },
    )?;
    let sql = "UPDATE sandbox_deliveries SET attempts = ?, status = ?, error = ?, attempt_began_at = NULL,
        next_attempt_at = ? WHERE seq = ?";
    let next_attempt_at = next_attempt_at.map(Timestamp::as_microsecond);
    connection.execute(sql, params![attempt.number, status, error_kind, next_attempt_at, seq])?;
    Ok(())
}

/// The log's numbers have no gaps but where it was pruned, so the newest one's says which are too many.
fn prune(connection: &Connection, retention: u64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM sandbox_deliveries WHERE outcome IS NOT NULL
        AND seq <= (SELECT max(seq) FROM sandbox_deliveries) - ?";
    connection.prepare_cached(sql)?.execute([i64::try_from(retention).unwrap_or(i64::MAX)]).map(|_| ())
}

fn microseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::because(StoreErrorKind::Unavailable, error))
}
