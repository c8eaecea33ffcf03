use std::{
    error::Error,
    future::poll_fn,
    mem,
    pin::pin,
    task::{Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Incoming},
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;

use super::{
    InvalidRootCertificate, RawConnection, Resolver, ResponseRecord, TargetPolicy, Transport, TransportError,
    connect::connect, header_case, tls::Tls,
};
use crate::Target;

/// HTTP/1.1 on a connection of its own for each attempt, so that each is recorded by itself and none meets a
/// connection that went stale. No redirect is followed.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    response_cap: usize,
    tls: Tls,
    resolver: Resolver,
    policy: TargetPolicy,
}

impl HttpTransport {
    /// How much of a response's body is kept unless told otherwise: 64 KiB.
    pub const DEFAULT_RESPONSE_CAP: usize = 64 * 1024;

    /// A transport that trusts the system's certificates and connects to any address.
    #[must_use]
    pub fn new() -> Self {
        Self {
            response_cap: Self::DEFAULT_RESPONSE_CAP,
            tls: Tls::default(),
            resolver: Resolver::system(),
            policy: TargetPolicy::any(),
        }
    }

    /// Sets which addresses may be connected to: unless told otherwise any.
    #[must_use]
    pub fn with_target_policy(mut self, policy: TargetPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets which addresses a host's name has: unless told otherwise those that the system's resolver says.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// Sets how much of a response's body is read, in bytes. What goes on beyond it is cut off.
    #[must_use]
    pub fn with_response_cap(mut self, bytes: usize) -> Self {
        self.response_cap = bytes;
        self
    }

    /// Trusts the certificates in `pem` too, as of a company's own authority.
    ///
    /// # Errors
    ///
    /// A text without a certificate, or with one that cannot be read.
    pub fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, InvalidRootCertificate> {
        self.tls.add_root(pem)?;
        Ok(self)
    }

    /// Sends a request whose body comes in pieces, takes its time or breaks off. Where its headers do not tell its
    /// length and the body does not either, it goes out in chunks.
    ///
    /// # Errors
    ///
    /// What kept the answer from coming, a body that breaks off included.
    pub async fn send_body<B>(
        &self,
        target: &Target,
        request: Request<B>,
    ) -> Result<ResponseRecord, TransportError>
    where
        B: Body<Data = Bytes> + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let stream = connect(target, &self.resolver, &self.policy).await?;
        let answered = if target.is_https() {
            let stream = self.tls.connect(target.host(), stream).await?;
            self.exchange(TokioIo::new(stream), request).await
        } else {
            self.exchange(TokioIo::new(stream), request).await
        };
        answered.map_err(|error| TransportError::http(&error))
    }

    /// Connects, and leaves what is written to the caller.
    ///
    /// # Errors
    ///
    /// What kept it from being connected.
    pub async fn connect(&self, target: &Target) -> Result<RawConnection, TransportError> {
        let stream = connect(target, &self.resolver, &self.policy).await?;
        Ok(if target.is_https() {
            RawConnection::new(self.tls.connect(target.host(), stream).await?, self.response_cap)
        } else {
            RawConnection::new(stream, self.response_cap)
        })
    }

    async fn exchange<I, B>(&self, stream: I, request: Request<B>) -> hyper::Result<ResponseRecord>
    where
        I: Read + Write + Unpin,
        B: Body<Data = Bytes> + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let request = header_case::as_documented(request).await;
        let mut builder = http1::Builder::new();
        builder.title_case_headers(true).preserve_header_case(true);
        let (mut sender, connection) = builder.handshake(stream).await?;
        let exchange = async {
            let response = sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            let (body, truncated) = self.read(body).await?;
            Ok(ResponseRecord { truncated, ..ResponseRecord::of(&head, body) })
        };
        over(connection, exchange).await
    }

    async fn read(&self, mut body: Incoming) -> Result<(Bytes, bool), hyper::Error> {
        let mut kept = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            let room = self.response_cap - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok((kept.freeze(), true));
            }
        }
        Ok((kept.freeze(), false))
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for HttpTransport {
    async fn send(&self, target: &Target, request: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
        self.send_body(target, request.map(Full::new)).await
    }
}

/// Carries an exchange over its connection, which ends with it.
///
/// Both in one task, the exchange first: a connection on a task of its own may have failed before the request
/// was handed to it, and then the request says only that it was cancelled.
async fn over<T>(
    connection: impl Future<Output = hyper::Result<()>>,
    exchange: impl Future<Output = hyper::Result<T>>,
) -> hyper::Result<T> {
    let (mut connection, mut exchange) = (Some(Box::pin(connection)), pin!(exchange));
    let mut ended = Ok(());
    poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = exchange.as_mut().poll(context) {
                // Where the connection kept the cause, it is the connection that tells it.
                return Poll::Ready(
                    result.map_err(|error| mem::replace(&mut ended, Ok(())).err().unwrap_or(error)),
                );
            }
            let Some(living) = &mut connection else { return Poll::Pending };
            ended = ready!(living.as_mut().poll(context));
            // Dropped, it lets go of the exchange, which then ends too.
            connection = None;
        }
    })
    .await
}
