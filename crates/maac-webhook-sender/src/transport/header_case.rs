//! The capitals of header names on the wire: `CrescLab-Signature`, as MAAC's reference prints it.
//!
//! Names mean the same in any case, but a reference sender shows what to expect to the letter. hyper writes
//! the names in title case (`Cresclab-Signature`) and takes no others, but it repeats the capitals of a request
//! that it has read. So it is given these to read, once.

use http::HeaderName;

#[cfg(feature = "http-transport")]
pub(super) use read_back::as_documented;

const DOCUMENTED: [&str; 2] = ["CrescLab-Signature", "CrescLab-Idempotency-Key"];

/// The name as it is written.
pub(super) fn written(name: &HeaderName) -> String {
    let documented = DOCUMENTED.iter().find(|documented| documented.eq_ignore_ascii_case(name.as_str()));
    documented.map_or_else(|| title_case(name.as_str()), |&documented| documented.to_owned())
}

fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(feature = "http-transport")]
mod read_back {
    use std::{convert::Infallible, future::ready, sync::OnceLock};

    use bytes::Bytes;
    use http::{Extensions, Request, Response};
    use http_body_util::Empty;
    use hyper::{body::Incoming, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;

    use super::DOCUMENTED;

    /// The request with what makes hyper write the documented capitals.
    pub(in crate::transport) async fn as_documented<B>(mut request: Request<B>) -> Request<B> {
        static CAPITALS: OnceLock<Extensions> = OnceLock::new();
        let capitals = match CAPITALS.get() {
            Some(capitals) => capitals,
            None => {
                let capitals = read_back().await;
                CAPITALS.get_or_init(|| capitals)
            }
        };
        request.extensions_mut().extend(capitals.clone());
        request
    }

    async fn read_back() -> Extensions {
        let [signature, key] = DOCUMENTED;
        let head = format!("GET / HTTP/1.1\r\n{signature}: -\r\n{key}: -\r\n\r\n");
        let seen = OnceLock::new();
        let service = service_fn(|request: Request<Incoming>| {
            let _ = seen.set(request.into_parts().0.extensions);
            ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
        });
        let stream = TokioIo::new(tokio::io::join(head.as_bytes(), tokio::io::sink()));
        // However it ends: without the capitals, the names go out in title case.
        let _ = http1::Builder::new().preserve_header_case(true).serve_connection(stream, service).await;
        seen.into_inner().unwrap_or_default()
    }
}
