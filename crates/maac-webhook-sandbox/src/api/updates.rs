use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, stream::unfold};

use super::router::Api;

/// How often something is sent where nothing happens, so that a connection that is gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The steps of all deliveries as they happen, as server-sent events. `missed` says that some came faster than they were
/// taken: whoever shows them looks at the deliveries anew.
pub(super) async fn stream(State(api): State<Api>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let updates = unfold(api.sandbox.dispatcher().watch(), |mut updates| async {
        let (name, data) = match updates.next().await? {
            Ok(update) => ("update", serde_json::to_string(&update)),
            Err(missed) => ("missed", Ok(format!("{{\"count\":{}}}", missed.count))),
        };
        // An update that cannot be written, which none is, counts as missed.
        let (name, data) = data.map_or(("missed", "{\"count\":1}".to_owned()), |data| (name, data));
        Some((Ok(Event::default().event(name).data(data)), updates))
    });
    Sse::new(updates).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}
