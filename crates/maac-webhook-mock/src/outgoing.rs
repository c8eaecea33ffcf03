use bytes::Bytes;
use http::{
    HeaderValue, Request,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use maac_webhook_sender::{RequestRecord, Target, TransportError, TransportErrorKind, WebhookRequest};

use crate::{Behaviour, MockBody, Tampering};

/// One event as it goes out: what each attempt sends, and whether its answer is heard.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// What it is, for a person.
    pub(crate) what: String,
    pub(crate) topic: Option<String>,
    pub(crate) request: WebhookRequest,
    /// How many bytes of its body are the event's own, and no padding.
    pub(crate) own: usize,
    /// The first attempt's, where it is signed with another secret.
    pub(crate) first: Option<WebhookRequest>,
    pub(crate) tampering: Option<Tampering>,
    pub(crate) behaviour: Option<Behaviour>,
}

impl Outgoing {
    /// By how much a wrong `Content-Length` is wrong, in bytes.
    const WRONG_BY: u64 = 10;

    /// How large a chunk is, in bytes: small enough that a body has several.
    const CHUNK: usize = 64;

    /// How large a piece of a body is that is too large, in bytes.
    const PIECE: usize = 64 * 1024;

    /// What the attempt of this number sends, counted from 1, and the record of it.
    pub(crate) fn attempt(&self, number: usize, target: &Target) -> (RequestRecord, Request<MockBody>) {
        let signed = self.first.as_ref().filter(|_| number == 1).unwrap_or(&self.request);
        let mut request = signed.to_http(target);
        if let Some(tampering) = self.tampering {
            tampering.apply(&mut request);
        }
        let length = request.body().len() as u64;
        let declared = match self.behaviour {
            Some(Behaviour::ContentLengthTooSmall) => length.saturating_sub(Self::WRONG_BY),
            Some(Behaviour::ContentLengthTooLarge) => length + Self::WRONG_BY,
            _ => length,
        };
        request.headers_mut().insert(CONTENT_LENGTH, declared.into());
        if self.behaviour == Some(Behaviour::Chunked) {
            request.headers_mut().remove(CONTENT_LENGTH);
            request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let record = self.record(&request);
        (record, request.map(|body| self.body(number, body, declared)))
    }

    /// The record of it, without what its body was padded with.
    fn record(&self, request: &Request<Bytes>) -> RequestRecord {
        if self.tampering != Some(Tampering::BodyTooLarge) {
            return RequestRecord::of(request);
        }
        let (head, body) = request.clone().into_parts();
        // A slice would hold all of it.
        let own = Bytes::copy_from_slice(&body[..self.own]);
        RequestRecord::of(&Request::from_parts(head, own))
    }

    fn body(&self, number: usize, body: Bytes, declared: u64) -> MockBody {
        let large = self.tampering == Some(Tampering::BodyTooLarge);
        let body = match self.behaviour {
            Some(Behaviour::Dripped { pause }) => MockBody::dripped(body, pause),
            Some(Behaviour::Chunked) if large => MockBody::chunked(body, Self::PIECE),
            Some(Behaviour::Chunked) => MockBody::chunked(body, Self::CHUNK),
            Some(Behaviour::Aborted) if number == 1 => {
                MockBody::declared(body.slice(..body.len() / 2), declared)
            }
            _ => MockBody::declared(body, declared),
        };
        if large { body.in_pieces(Self::PIECE) } else { body }
    }

    /// Why the answer to the attempt of this number is not heard, if it is not.
    pub(crate) fn unheard(&self, number: usize) -> Option<TransportError> {
        let why = match self.behaviour? {
            Behaviour::AnswerLost | Behaviour::SecretChanged if number == 1 => "the answer was lost",
            Behaviour::Aborted if number == 1 => "the connection broke off in the midst of the body",
            Behaviour::ContentLengthTooLarge => "the body ended before its Content-Length",
            _ => return None,
        };
        Some(TransportError::new(TransportErrorKind::Closed, why))
    }
}
