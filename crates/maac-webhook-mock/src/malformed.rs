use std::fmt;

use bytes::Bytes;
use http::Request;
use maac_webhook_sender::{RequestRecord, Target, WebhookRequest};

/// A request that is no HTTP/1.1, around an event that is signed as MAAC signs it. It is for a `RawConnection` of
/// `maac-webhook-sender`, since no HTTP client writes it.
///
/// A correct receiver answers 400 or closes the connection, and goes on receiving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Malformed {
    /// Bytes of no protocol.
    NoHttp,
    /// The request line has no version.
    NoVersion,
    /// A header has no colon.
    NoColon,
    /// A header's value has a NUL in it.
    NulInHeader,
    /// `Content-Length` is a word.
    LengthNoNumber,
    /// `Content-Length` is negative.
    LengthNegative,
    /// The first chunk has no length.
    ChunkWithoutLength,
    /// The head has a header of 1 MiB.
    HeadTooLarge,
    /// There are two lengths, and the second one is not the body's. A proxy and the receiver behind it may each take another.
    TwoLengths,
    /// There is a length, which is not the body's, and the body comes in chunks.
    LengthAndChunks,
}

impl Malformed {
    /// Those that are no HTTP in whichever way they are read.
    pub const BROKEN: [Self; 8] = [
        Self::NoHttp,
        Self::NoVersion,
        Self::NoColon,
        Self::NulInHeader,
        Self::LengthNoNumber,
        Self::LengthNegative,
        Self::ChunkWithoutLength,
        Self::HeadTooLarge,
    ];

    /// Those that two readers may read as two different requests.
    pub const AMBIGUOUS: [Self; 2] = [Self::TwoLengths, Self::LengthAndChunks];

    /// How long a header is that is too large, in bytes.
    const TOO_LARGE: usize = 1024 * 1024;

    /// The bytes that go out.
    #[must_use]
    pub fn bytes(self, request: &WebhookRequest, target: &Target) -> Bytes {
        let request = request.to_http(target);
        let body = request.body();
        let chunks = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
        let length = format!("Content-Length: {}", body.len());
        let line = format!("POST {} HTTP/1.1", request.uri());
        let (line, more, body) = match self {
            Self::NoHttp => return Bytes::from_static(b"\x16\x03\x01 nobody's protocol \x00\xff\r\n\r\n"),
            Self::NoVersion => (format!("POST {}", request.uri()), vec![length], body.to_vec()),
            Self::NoColon => (line, vec![length, "no colon at all".to_owned()], body.to_vec()),
            Self::NulInHeader => (line, vec![length, "X-Nul: a\0b".to_owned()], body.to_vec()),
            Self::LengthNoNumber => (line, vec!["Content-Length: many".to_owned()], body.to_vec()),
            Self::LengthNegative => (line, vec!["Content-Length: -1".to_owned()], body.to_vec()),
            Self::ChunkWithoutLength => (
                line,
                vec!["Transfer-Encoding: chunked".to_owned()],
                b"no length\r\n{}\r\n0\r\n\r\n".to_vec(),
            ),
            Self::HeadTooLarge => {
                (line, vec![length, format!("X-Large: {}", "a".repeat(Self::TOO_LARGE))], body.to_vec())
            }
            Self::TwoLengths => (line, vec![length, "Content-Length: 1".to_owned()], body.to_vec()),
            Self::LengthAndChunks => {
                let both = ["Content-Length: 1", "Transfer-Encoding: chunked"].map(str::to_owned);
                (line, both.to_vec(), chunks)
            }
        };
        written(&request, &line, &more, &body)
    }
}

/// A request with its own headers but the length, and these more.
fn written(request: &Request<Bytes>, line: &str, more: &[String], body: &[u8]) -> Bytes {
    let mut head = format!("{line}\r\n");
    for (name, value) in &RequestRecord::of(request).headers {
        if !name.eq_ignore_ascii_case("Content-Length") {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    for header in more {
        head.push_str(&format!("{header}\r\n"));
    }
    head.push_str("Connection: close\r\n\r\n");
    [head.as_bytes(), body].concat().into()
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHttp => "bytes of no protocol",
            Self::NoVersion => "a request line without a version",
            Self::NoColon => "a header without a colon",
            Self::NulInHeader => "a header with a NUL in it",
            Self::LengthNoNumber => "a Content-Length that is a word",
            Self::LengthNegative => "a Content-Length that is negative",
            Self::ChunkWithoutLength => "a chunk without a length",
            Self::HeadTooLarge => "a header of 1 MiB",
            Self::TwoLengths => "two values of Content-Length",
            Self::LengthAndChunks => "a Content-Length and chunks",
        })
    }
}

#[cfg(test)]
mod tests {
    use maac_webhook::ShareSecret;

    use super::*;

    #[test]
    fn each_is_malformed_in_one_way_and_signed_otherwise() {
        let request = WebhookRequest::signed(&ShareSecret::new("hush").unwrap(), "{}".into());
        let target = "http://shop.example/hooks".parse().unwrap();
        let mut all = std::collections::HashSet::new();
        for malformed in Malformed::BROKEN.into_iter().chain(Malformed::AMBIGUOUS) {
            let bytes = malformed.bytes(&request, &target);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(all.insert(text.clone()), "{malformed}");
            if malformed == Malformed::NoHttp {
                continue;
            }
            assert!(text.starts_with("POST /hooks"), "{text}");
            assert_eq!(text.matches("CrescLab-Signature: ").count(), 1);
            let version = malformed != Malformed::NoVersion;
            assert_eq!(text.contains("POST /hooks HTTP/1.1\r\nHost: shop.example\r\n"), version, "{text}");
        }
    }
}
