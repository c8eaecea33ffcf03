//! Events, and what became of each at every endpoint: also why it was not delivered.

use maac_webhook::event::Topic;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Database, EventId, PublishedEvent, StoreError, Verdict,
    log::json,
    read::{corrupt, from_json, parsed, required_time},
};

impl Database {
    /// Keeps an event, and of those before it so many.
    pub(crate) async fn keep_event(&self, event: PublishedEvent, retention: u64) -> Result<(), StoreError> {
        self.run(move |connection| keep(connection, &event, retention)).await
    }

    /// One event.
    pub(crate) async fn event(&self, id: EventId) -> Result<Option<PublishedEvent>, StoreError> {
        self.run(move |connection| event(connection, id)).await
    }
}

fn keep(connection: &mut Connection, event: &PublishedEvent, retention: u64) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let sql = "INSERT INTO sandbox_events (id, topic, happened_at) VALUES (?, ?, ?)";
    let happened_at = event.happened_at.as_microsecond();
    transaction.execute(sql, params![event.id.to_string(), event.topic.as_str(), happened_at])?;
    let seq = transaction.last_insert_rowid();
    for (position, verdict) in event.endpoints.iter().enumerate() {
        let because = verdict.not_delivered.as_ref().map(json).transpose()?;
        let delivery = verdict.delivery.map(|id| id.to_string());
        let (endpoint, name) = (verdict.endpoint.to_string(), &verdict.endpoint_name);
        let sql = "INSERT INTO sandbox_verdicts VALUES (?, ?, ?, ?, ?, ?)";
        transaction.execute(sql, params![seq, position, endpoint, name, delivery, because])?;
    }
    let sql = "DELETE FROM sandbox_events WHERE seq <= ? - ?";
    transaction.execute(sql, params![seq, i64::try_from(retention).unwrap_or(i64::MAX)])?;
    Ok(transaction.commit()?)
}

fn event(connection: &Connection, id: EventId) -> rusqlite::Result<Option<PublishedEvent>> {
    let sql = "SELECT seq, id, topic, happened_at FROM sandbox_events WHERE id = ?";
    let event = connection.query_row(sql, [id.to_string()], |row| {
        let topic = Topic::from(row.get::<_, String>("topic")?);
        let happened_at = required_time(row, "happened_at")?;
        Ok((row.get::<_, i64>("seq")?, PublishedEvent { id, topic, happened_at, endpoints: Vec::new() }))
    });
    let Some((seq, mut event)) = event.optional()? else { return Ok(None) };
    let mut select =
        connection.prepare_cached("SELECT * FROM sandbox_verdicts WHERE event = ? ORDER BY position")?;
    let verdicts = select.query_map([seq], |row| {
        Ok(Verdict {
            endpoint: parsed(row, "endpoint")?.ok_or_else(|| corrupt("endpoint"))?,
            endpoint_name: row.get("endpoint_name")?,
            delivery: parsed(row, "delivery")?,
            not_delivered: from_json(row, "because")?,
        })
    })?;
    event.endpoints = verdicts.collect::<Result<_, _>>()?;
    Ok(Some(event))
}
