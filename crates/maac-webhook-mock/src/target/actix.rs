use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Context,
};

use actix_http::{Payload, Request, error::PayloadError};
use actix_web::{
    Error, HttpResponse,
    body::{self, MessageBody},
    dev::{Service, ServiceResponse},
};
use bytes::Bytes;
use futures_util::stream;
use http::Request as HttpRequest;
use http_body::Body;
use maac_webhook::Rejection;
use maac_webhook_sender::{ResponseRecord, TransportError, TransportErrorKind};

use super::{MockTarget, drive::drive};
use crate::{
    BrokenOff, MockBody,
    handover::{Answer, Answered, Exchange, Exchanges},
};

/// The kind of target that is an actix-web app.
#[derive(Debug)]
#[non_exhaustive]
pub struct ActixApp;

impl<S, B> MockTarget<ActixApp> for &S
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        let ready = |app: &mut Self, context: &mut Context<'_>| app.poll_ready(context).map_err(failed);
        let call = |app: &mut Self, exchange: Exchange| {
            let Exchange { request, reply, .. } = exchange;
            let called = converted(request).map(|request| app.call(request));
            (async { answer(called?.await).await }, reply)
        };
        drive(self, exchanges, work, ready, call)
    }
}

impl<S, B> MockTarget<ActixApp> for &mut S
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        MockTarget::<ActixApp>::serve(&*self, exchanges, work)
    }
}

/// The request as actix-web's server hands it over. Its `http` is another version of the crate.
fn converted(request: HttpRequest<MockBody>) -> Result<Request, TransportError> {
    let (head, body) = request.into_parts();
    let failed = |why: String| TransportError::new(TransportErrorKind::Protocol, why);
    let uri = head.uri.to_string().parse();
    let mut request = Request::with_payload(Payload::from(streamed(body)));
    request.head_mut().method = actix_web::http::Method::POST;
    request.head_mut().uri = uri.map_err(|_| failed(format!("{} is no path to actix-web", head.uri)))?;
    for (name, value) in &head.headers {
        let name = actix_web::http::header::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = actix_web::http::header::HeaderValue::from_bytes(value.as_bytes());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(failed("no header to actix-web".to_owned()));
        };
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

type Streamed = Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, PayloadError>>>>;

fn streamed(body: MockBody) -> Streamed {
    Box::pin(stream::unfold(body, |mut body| async {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await?;
        let piece = match frame {
            Ok(frame) => Ok(frame.into_data().unwrap_or_default()),
            Err(BrokenOff { .. }) => Err(PayloadError::Incomplete(None)),
        };
        Some((piece, body))
    }))
}

async fn answer<B: MessageBody>(called: Result<ServiceResponse<B>, Error>) -> Answer {
    match called {
        Ok(response) => record(response.into_parts().1).await,
        // What a server answers where the app's outermost middleware fails.
        Err(error) => record(HttpResponse::from_error(error)).await,
    }
}

async fn record<B: MessageBody>(response: HttpResponse<B>) -> Answer {
    let rejection = response.extensions().get().map(Rejection::kind);
    let (head, answered) = response.into_parts();
    let unread = |error: B::Error| failed(Into::<Box<dyn std::error::Error>>::into(error));
    let answered = body::to_bytes(answered).await.map_err(unread)?;
    let mut parts = http::Response::new(()).into_parts().0;
    let status = head.status().as_u16();
    parts.status = http::StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in head.headers() {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = http::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            parts.headers.append(name, value);
        }
    }
    Ok(Answered { response: ResponseRecord::of(&parts, answered), rejection, in_process: true })
}

fn failed(error: impl std::fmt::Display) -> TransportError {
    TransportError::new(TransportErrorKind::Closed, format!("the app failed: {error}"))
}
