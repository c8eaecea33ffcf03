//! What was pushed, and who opened it: kept as it changes, and read once, when the file is opened.

use std::time::Duration;

use maac_webhook::event::MessageStatus;
use maac_webhook_sender::producers::{Messages, PnpMessage, PushedMessage, SmsPlus};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{StoreError, StoreErrorKind, log::json};
use crate::Producers;

/// What follows of an SMS+ message by itself: the event of its status, where that is not published yet, and statuses, each so
/// long after the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Following {
    pub(crate) is_unpublished: bool,
    pub(crate) step: Duration,
    pub(crate) statuses: Vec<MessageStatus>,
}

/// An SMS+ message whose statuses were following by themselves when the program ended.
#[derive(Clone, Debug)]
pub(crate) struct LeftOff {
    pub(crate) message: PnpMessage,
    pub(crate) following: Following,
}

#[derive(Deserialize, Serialize)]
struct SavedFollowing {
    is_unpublished: bool,
    step_us: u64,
    statuses: Vec<String>,
}

/// Keeps an SMS+ message as it is now.
pub(crate) fn keep_pnp_message(
    connection: &Connection,
    message: &PnpMessage,
    following: Option<&Following>,
) -> Result<(), StoreError> {
    let following = following.filter(|own| own.is_unpublished || !own.statuses.is_empty()).map(|following| {
        let statuses = following.statuses.iter().map(ToString::to_string).collect();
        let step_us = u64::try_from(following.step.as_micros()).unwrap_or(u64::MAX);
        json(&SavedFollowing { is_unpublished: following.is_unpublished, step_us, statuses })
    });
    let sql = "INSERT INTO sandbox_pnp_messages VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET message = excluded.message, following = excluded.following";
    let values = params![message.id(), json(message)?, following.transpose()?];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Keeps that the event of an SMS+ message's status was published.
pub(crate) fn keep_published(connection: &Connection, pnp_message_id: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE sandbox_pnp_messages SET following = CASE json_array_length(following, '$.statuses')
        WHEN 0 THEN NULL ELSE json_set(following, '$.is_unpublished', json('false')) END
        WHERE id = ? AND following IS NOT NULL";
    connection.prepare_cached(sql)?.execute([pnp_message_id]).map(|_| ())
}

/// Drops the SMS+ messages that were forgotten: those before the oldest.
pub(crate) fn prune_pnp_messages(connection: &Connection, sms_plus: &SmsPlus) -> Result<(), StoreError> {
    let oldest = sms_plus.messages().next_back().map_or(u64::MAX >> 1, PnpMessage::id);
    connection.prepare_cached("DELETE FROM sandbox_pnp_messages WHERE id < ?")?.execute([oldest])?;
    Ok(())
}

/// Keeps an event of the OpenAPI as it is now.
pub(crate) fn keep_openapi_event(
    connection: &Connection,
    messages: &Messages,
    id: u64,
) -> Result<(), StoreError> {
    let Ok(event) = messages.event(id) else { return Ok(()) };
    let sql = "INSERT INTO sandbox_openapi_events VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET event = excluded.event";
    connection.prepare_cached(sql)?.execute(params![id, json(event)?])?;
    Ok(())
}

/// Keeps a message that was pushed, and drops those that were forgotten for it.
pub(crate) fn keep_message(
    connection: &Connection,
    messages: &Messages,
    message: &PushedMessage,
) -> Result<(), StoreError> {
    let oldest = messages.messages().next_back().map(PushedMessage::id);
    insert_message(connection, message.id(), Some(&json(message)?), oldest)
}

/// Keeps a broadcast, and drops those that were forgotten for it.
pub(crate) fn keep_broadcast(
    connection: &Connection,
    messages: &Messages,
    id: u64,
) -> Result<(), StoreError> {
    let oldest = messages.broadcasts().next_back().map(|(id, _)| id);
    insert_message(connection, id, None, oldest)
}

fn insert_message(
    connection: &Connection,
    id: u64,
    message: Option<&str>,
    oldest: Option<u64>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO sandbox_messages VALUES (?, ?)";
    connection.prepare_cached(sql)?.execute(params![id, message])?;
    let sql = "DELETE FROM sandbox_messages WHERE id < ? AND (message IS NULL) = ?";
    connection.prepare_cached(sql)?.execute(params![oldest.unwrap_or(id), message.is_none()])?;
    Ok(())
}

/// Keeps that a friend opened a message or a broadcast.
pub(crate) fn keep_open(connection: &Connection, id: u64, line_uid: &str) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT INTO sandbox_opens VALUES (?, ?)")?.execute(params![id, line_uid])?;
    Ok(())
}

/// Takes up what was pushed. Gives back the SMS+ messages whose statuses were following by themselves.
pub(crate) fn load(connection: &Connection, producers: &mut Producers) -> Result<Vec<LeftOff>, StoreError> {
    let Producers { sms_plus, messages, .. } = producers;
    let mut left_off = Vec::new();
    rows(connection, "SELECT message, following, id FROM sandbox_pnp_messages ORDER BY id", |row| {
        let message: PnpMessage = from_json(&row.text)?;
        if let Some(following) = row.following {
            let SavedFollowing { is_unpublished, step_us, statuses } = from_json(&following)?;
            let statuses = statuses.into_iter().map(MessageStatus::from).collect();
            let following = Following { is_unpublished, step: Duration::from_micros(step_us), statuses };
            left_off.push(LeftOff { message: message.clone(), following });
        }
        sms_plus.restore(message);
        Ok(())
    })?;
    rows(connection, "SELECT event, NULL, id FROM sandbox_openapi_events ORDER BY id", |row| {
        messages.restore_event(from_json(&row.text)?);
        Ok(())
    })?;
    rows(connection, "SELECT coalesce(message, ''), NULL, id FROM sandbox_messages ORDER BY id", |row| {
        if row.text.is_empty() {
            messages.restore_broadcast(row.id);
        } else {
            messages.restore_message(from_json(&row.text)?);
        }
        Ok(())
    })?;
    rows(connection, "SELECT line_uid, NULL, message FROM sandbox_opens", |row| {
        messages.restore_open(row.id, row.text);
        Ok(())
    })?;
    Ok(left_off)
}

struct Row {
    text: String,
    following: Option<String>,
    id: u64,
}

fn rows(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut select = connection.prepare(sql)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        each(Row { text: row.get(0)?, following: row.get(1)?, id: row.get(2)? })?;
    }
    Ok(())
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::because(StoreErrorKind::Corrupt, error))
}
