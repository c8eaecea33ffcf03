//! Requests whose bytes are written by hand.

use std::time::Instant;

use maac_webhook_mock::MockEvent;
use maac_webhook_sender::{
    HttpTransport, RawConnection, ResponseRecord, TransportError, TransportErrorKind, WebhookRequest,
    json::BodyStyle,
};

use super::Trial;
use crate::{
    grade::Halt,
    wire::{Answer, Exchange, shown_bytes},
};

/// How much of the body of such an answer is read.
const CAP: usize = 16 * 1024;

impl Trial<'_> {
    /// An event, signed.
    pub(crate) fn signed(&self, event: &MockEvent) -> Result<WebhookRequest, Halt> {
        let body = event.body(BodyStyle::python());
        let body = body.map_err(|error| Halt::Error(format!("the event cannot be written: {error}")))?;
        self.signs(&body);
        Ok(WebhookRequest::signed(&self.run.secret, body))
    }

    /// Writes these bytes on a connection of their own, and reads what is answered.
    pub(crate) async fn exchange(&self, what: &str, bytes: &[u8]) -> Result<ResponseRecord, TransportError> {
        let began = Instant::now();
        let answered = async {
            let mut connection = self.connect().await?;
            // A receiver may answer before it has read all of it.
            let written = connection.write(bytes).await;
            let answer = connection.answer().await;
            match (written, answer) {
                (Err(error), Err(_)) => Err(error),
                (_, answer) => answer,
            }
        };
        let late = || Err(TransportError::new(TransportErrorKind::Timeout, "no answer in time"));
        let answer = self.in_time(answered).await.unwrap_or_else(late);
        let mut exchange = Exchange::new(what, self.run.target.to_string(), began.elapsed());
        // Its signature is known, and shortened where the case is reported.
        exchange.body = shown_bytes(bytes).replace('\r', "");
        match &answer {
            Ok(answer) => {
                exchange.answer = Some(Answer::of(answer));
                self.look_at(answer, bytes);
            }
            Err(error) => exchange.error = Some(error.to_string()),
        }
        self.log([exchange]);
        answer
    }

    /// A connection whose bytes are written by hand.
    pub(crate) async fn connect(&self) -> Result<RawConnection, TransportError> {
        let transport: HttpTransport = self.run.transport.clone().with_response_cap(CAP);
        let late = || Err(TransportError::new(TransportErrorKind::Timeout, "no connection in time"));
        self.in_time(transport.connect(&self.run.target)).await.unwrap_or_else(late)
    }

    /// One on which these bytes were written, and no more; `None` where there is none.
    pub(crate) async fn hold(&self, bytes: &[u8]) -> Option<RawConnection> {
        let mut connection = self.connect().await.ok()?;
        self.in_time(connection.write(bytes)).await?.ok()?;
        Some(connection)
    }
}
