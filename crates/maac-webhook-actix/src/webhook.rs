use std::{future::ready, io, rc::Rc};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::Data,
};
use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
    stream,
};
use maac_webhook::{Delivery, Endpoint, FromDelivery, Rejection, RejectionKind};

use crate::{WebhookRejection, read};

/// Extracts a verified delivery, or what can be read from one. See the crate's documentation.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "an extractor is taken apart in a handler's arguments")]
pub struct Webhook<T>(pub T);

/// A verification by an extractor: a handler's other extractors wait for the same one, for there is one body.
type UnderWay = Shared<LocalBoxFuture<'static, Result<Delivery, Rejection>>>;

impl<T: FromDelivery + 'static> FromRequest for Webhook<T> {
    type Error = WebhookRejection;
    type Future = LocalBoxFuture<'static, Result<Self, WebhookRejection>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let of_middleware = {
            let extensions = request.extensions();
            extensions.get::<Delivery>().cloned().zip(extensions.get::<Endpoint>().cloned())
        };
        let of_app = endpoint_of_app(request);
        if let Some((delivery, endpoint)) = of_middleware {
            let own = of_app.map_or(Ok(()), |of_app| of_app.check_own(&delivery));
            let extracted = own.map_err(WebhookRejection::from).and_then(|()| extract(&delivery, &endpoint));
            return ready(extracted).boxed_local();
        }
        let Some(endpoint) = of_app else {
            return ready(Err(RejectionKind::NotConfigured.into())).boxed_local();
        };
        let under_way = verify(&endpoint, request, payload);
        async move {
            match under_way.await {
                Ok(delivery) => extract(&delivery, &endpoint),
                Err(rejection) => Err(rejection.at(&endpoint).into()),
            }
        }
        .boxed_local()
    }
}

fn extract<T: FromDelivery>(
    delivery: &Delivery,
    endpoint: &Endpoint,
) -> Result<Webhook<T>, WebhookRejection> {
    let taken = T::from_delivery(delivery).map(Webhook);
    taken.map_err(|rejection| rejection.at(endpoint).into())
}

fn endpoint_of_app(request: &HttpRequest) -> Option<Endpoint> {
    let plain = request.app_data::<Endpoint>().cloned();
    plain.or_else(|| request.app_data::<Data<Endpoint>>().map(|data| Endpoint::clone(data)))
}

/// The handler's one verification, begun by whichever extractor comes first.
fn verify(endpoint: &Endpoint, request: &HttpRequest, payload: &mut Payload) -> UnderWay {
    if let Some(under_way) = request.extensions().get::<Rc<UnderWay>>() {
        return UnderWay::clone(under_way);
    }
    let begun = if is_taken(request, payload) {
        let detail = "another extractor has taken the body: let `Webhook` come first, or use the middleware";
        Err(Rejection::with_detail(RejectionKind::NotConfigured, detail))
    } else {
        read::begin(endpoint, request)
    };
    let (endpoint, own) = (endpoint.clone(), payload.take());
    let under_way = async move { read::read(endpoint, begun?, own).await }.boxed_local().shared();
    request.extensions_mut().insert(Rc::new(under_way.clone()));
    *payload = put_back(under_way.clone());
    under_way
}

/// Whether the body went to an extractor before this one: its signature would be none of an empty body's.
fn is_taken(request: &HttpRequest, payload: &Payload) -> bool {
    let headers = request.headers();
    let has_body = headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
        || headers.contains_key(TRANSFER_ENCODING);
    has_body && matches!(payload, Payload::None)
}

/// The body for extractors that come after this one: there once it is verified.
fn put_back(under_way: UnderWay) -> Payload {
    let body = under_way.map(|verified| match verified {
        Ok(delivery) => Ok(delivery.body().clone()),
        Err(rejection) => Err(PayloadError::Incomplete(Some(io::Error::other(rejection)))),
    });
    Payload::Stream { payload: Box::pin(stream::once(body)) }
}
