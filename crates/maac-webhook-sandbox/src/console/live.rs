//! Tells pages that something changed, by server-sent events. What changed they ask for themselves, so that nothing is missed where
//! updates were.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};

use super::Console;

pub(super) async fn live(
    State(console): State<Console>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let updates = console.sandbox().dispatcher().watch();
    // A browser drops an event without data.
    let first = Event::default().event("ready").retry(Duration::from_secs(1)).data("now");
    let events = stream::unfold((Some(first), updates), |(first, mut updates)| async move {
        if let Some(first) = first {
            return Some((Ok(first), (None, updates)));
        }
        let event = match updates.next().await? {
            Ok(update) => Event::default().event("update").data(update.id().to_string()),
            Err(missed) => Event::default().event("missed").data(missed.count.to_string()),
        };
        Some((Ok(event), (None, updates)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
