use maac_webhook::{
    Delivery, Event, TopicRouter,
    event::{
        MessageFirstOpen, PnpProfileUpdated, PnpStatusUpdated, PrizePointsAdded, ReceiptValidated,
        SurveyCakeSubmitted,
    },
    rust_decimal::Decimal,
};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::Database;

/// A handler per topic.
#[must_use]
pub fn topics(database: Database) -> TopicRouter {
    macro_rules! on {
        ($router:expr, $event:ty, $write:path) => {{
            let database = database.clone();
            $router.on::<($event, Delivery)>(move |(event, delivery)| {
                let database = database.clone();
                async move { database.write(move |transaction| $write(transaction, &event, &delivery)).await }
            })
        }};
    }
    let router = TopicRouter::new();
    let router = on!(router, ReceiptValidated, receipt);
    let router = on!(router, SurveyCakeSubmitted, survey);
    let router = on!(router, PnpStatusUpdated, status);
    let router = on!(router, PnpProfileUpdated, profile);
    let router = on!(router, PrizePointsAdded, points);
    let router = on!(router, MessageFirstOpen, first_open);
    let keep = move |delivery: Delivery| {
        let database = database.clone();
        async move { database.write(move |transaction| other(transaction, &delivery)).await }
    };
    router.fallback(keep.clone()).unreadable(keep)
}

fn receipt(transaction: &Transaction<'_>, event: &ReceiptValidated, _: &Delivery) -> rusqlite::Result<()> {
    let amount: Decimal = event.items.iter().filter_map(|item| item.amount).sum();
    transaction.execute(
        "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET matching_amount = excluded.matching_amount",
        params![
            event.natural_key().as_str(),
            event.line_uid.as_str(),
            event.campaign_name,
            event.number,
            event.datetime.as_str(),
            amount.to_string(),
        ],
    )?;
    Ok(())
}

fn survey(transaction: &Transaction<'_>, event: &SurveyCakeSubmitted, _: &Delivery) -> rusqlite::Result<()> {
    let member = event.member();
    let aliases: serde_json::Map<_, _> =
        event.answer.alias.iter().map(|(alias, answers)| (alias.to_owned(), answers.into())).collect();
    transaction.execute(
        "INSERT INTO survey_answers VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET name = excluded.name, birthday = excluded.birthday, aliases = excluded.aliases",
        params![
            event.natural_key().as_str(),
            event.line_uid.as_ref().map(|uid| uid.as_str()),
            member.name,
            member.birthday_date().map(|date| date.to_string()),
            serde_json::Value::Object(aliases).to_string(),
        ],
    )?;
    Ok(())
}

/// Statuses may arrive out of order: only one that supersedes the one we have is written.
fn status(
    transaction: &Transaction<'_>,
    event: &PnpStatusUpdated,
    delivery: &Delivery,
) -> rusqlite::Result<()> {
    let key = event.natural_key();
    let known = transaction
        .query_row("SELECT event FROM messages WHERE natural_key = ?", [key.as_str()], |row| {
            row.get::<_, Vec<u8>>(0)
        })
        .optional()?;
    if let Some(body) = known
        && let Event::PnpStatusUpdated(known) = Event::parse(&body.into())
        && event.supersedes(&known) == Some(false)
    {
        return Ok(());
    }
    transaction.execute(
        "INSERT INTO messages VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET status = excluded.status, event = excluded.event",
        params![
            key.as_str(),
            event.phone_number.as_ref().map(|number| number.as_str()),
            event.status.as_ref().map(|status| status.as_str()),
            delivery.body().as_ref(),
        ],
    )?;
    Ok(())
}

fn profile(transaction: &Transaction<'_>, event: &PnpProfileUpdated, _: &Delivery) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO phone_numbers VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET customer_id = excluded.customer_id",
        params![
            event.natural_key().as_str(),
            event.phone_number.as_str(),
            event.line_uid.as_str(),
            event.customer_id.as_ref().map(|id| id.as_str()),
        ],
    )?;
    Ok(())
}

/// A grant is given once. What else it leads to (a balance that grows) belongs into the same transaction, and only
/// where a row was inserted.
fn points(transaction: &Transaction<'_>, event: &PrizePointsAdded, _: &Delivery) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO grants VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        params![
            event.natural_key().as_str(),
            event.line_uid.as_ref().map(|uid| uid.as_str()),
            event.points_count.map(|points| points.to_string()),
        ],
    )?;
    Ok(())
}

fn first_open(transaction: &Transaction<'_>, event: &MessageFirstOpen, _: &Delivery) -> rusqlite::Result<()> {
    let (message_type, message_id) = event.message.as_sent();
    transaction.execute(
        "INSERT INTO first_opens VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        params![event.natural_key().as_str(), event.line_uid.as_str(), message_type, message_id],
    )?;
    Ok(())
}

fn other(transaction: &Transaction<'_>, delivery: &Delivery) -> rusqlite::Result<()> {
    let event = delivery.event();
    transaction.execute(
        "INSERT INTO other_events VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        params![
            event.natural_key().as_str(),
            event.topic().map(|topic| topic.as_str().to_owned()),
            delivery.body().as_ref(),
        ],
    )?;
    Ok(())
}
