use arbitrary::Arbitrary;

use super::{ANSWER, CURRENT, PREVIOUS, model::signature};

/// What is sent to a server.
#[derive(Arbitrary, Debug)]
pub enum Input<'a> {
    /// Requests on one connection.
    Connection(Connection<'a>),
    /// One request, handed over without a wire.
    Request(OneRequest<'a>),
    /// Any bytes, with a connection's end after them.
    Bytes { secrets: Secrets, reads: &'a [u8], bytes: &'a [u8] },
}

/// The secrets that are live.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    None,
    Current,
    Rotating,
}

#[derive(Arbitrary, Debug)]
pub struct Connection<'a> {
    pub secrets: Secrets,
    /// How many bytes each read gives; the rest at once.
    pub reads: &'a [u8],
    pub requests: Vec<WireRequest<'a>>,
}

#[derive(Arbitrary, Debug)]
pub struct WireRequest<'a> {
    pub head: Head<'a>,
    pub framing: Framing<'a>,
    /// Whether it says that it waits to be asked for its body, which comes all the same.
    pub expects: bool,
    pub body: &'a [u8],
}

/// A request without a wire.
#[derive(Arbitrary, Debug)]
pub struct OneRequest<'a> {
    pub secrets: Secrets,
    pub head: Head<'a>,
    /// What is said of the body's length beforehand.
    pub declared: Option<u16>,
    pub frames: Vec<Frame<'a>>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Frame<'a> {
    Data(&'a [u8]),
    /// Not there yet.
    Later,
    /// Never there.
    Stalls,
    Breaks,
    Trailers,
}

#[derive(Arbitrary, Debug)]
pub struct Head<'a> {
    pub method: Method,
    pub signatures: Vec<SignatureHeader<'a>>,
    pub keys: Vec<&'a [u8]>,
    pub others: Vec<(&'a str, &'a [u8])>,
    pub answer: Answer,
    /// How the names of headers are written.
    pub upper_case: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Post,
    Get,
    Put,
    Head,
    Delete,
    Options,
    Own,
}

/// What the handler answers.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Ok,
    Created,
    NoContent,
    Found,
    NotModified,
    BadRequest,
    NotFound,
    TimedOut,
    TooMany,
    Failed,
    Unavailable,
}

#[derive(Arbitrary, Debug)]
pub enum SignatureHeader<'a> {
    Raw(&'a [u8]),
    Signed { with: Signer<'a>, alteration: Alteration },
}

#[derive(Arbitrary, Debug)]
pub enum Signer<'a> {
    Current,
    Previous,
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
pub enum Alteration {
    None,
    UpperCase,
    Replace {
        at: u8,
        with: u8,
    },
    Append(u8),
    Truncate(u8),
    /// White space around it, which a header's value does not have.
    Spaced {
        before: u8,
        after: u8,
    },
    /// The signature of the body without its last byte.
    OfLess,
}

/// How the body's end is told.
#[derive(Arbitrary, Clone, Debug)]
pub enum Framing<'a> {
    Length,
    /// The length twice.
    LengthTwice,
    /// No length, and so no body.
    None,
    Chunked {
        sizes: &'a [u8],
        extended: bool,
        trailer: Option<&'a [u8]>,
    },
    /// A chunked body, and a length beside it.
    Both {
        length: u16,
        length_first: bool,
    },
    /// A length of which so many bytes never come.
    Short {
        missing: u8,
    },
    /// A chunked body that ends before its last chunk.
    ChunkedShort,
    /// A chunk's size that is none.
    BadChunk,
    /// Lengths that contradict each other.
    Lengths {
        more: u8,
    },
}

/// How a request on the wire leaves its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    /// Nothing after it is a request.
    Last,
    /// The body does not come to its end.
    Broken,
}

impl End {
    pub fn is_broken(self) -> bool {
        self == Self::Broken
    }

    pub fn closes(self) -> bool {
        self == Self::Last
    }
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Head => "HEAD",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Own => "MAAC",
        }
    }
}

impl Answer {
    pub fn status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Created => 201,
            Self::NoContent => 204,
            Self::Found => 302,
            Self::NotModified => 304,
            Self::BadRequest => 400,
            Self::NotFound => 404,
            Self::TimedOut => 408,
            Self::TooMany => 429,
            Self::Failed => 500,
            Self::Unavailable => 503,
        }
    }
}

/// A header's value may have these; what a parser trims is no part of it.
fn is_in_a_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

pub fn trimmed(value: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(begin, |last| last + 1);
    &value[begin..end]
}

fn value(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| is_in_a_value(*byte)).take(300).collect()
}

impl SignatureHeader<'_> {
    fn bytes(&self, body: &[u8]) -> Vec<u8> {
        let (with, alteration) = match self {
            Self::Raw(bytes) => return value(bytes),
            Self::Signed { with, alteration } => (with, alteration),
        };
        let secret = match with {
            Signer::Current => CURRENT,
            Signer::Previous => PREVIOUS,
            Signer::Other(secret) => secret,
        };
        let mut header = signature(secret, body).into_bytes();
        match *alteration {
            Alteration::None => {}
            Alteration::UpperCase => header.make_ascii_uppercase(),
            Alteration::Replace { at, with } => header[usize::from(at) % 64] = with,
            Alteration::Append(byte) => header.push(byte),
            Alteration::Truncate(length) => header.truncate(length.into()),
            Alteration::Spaced { before, after } => {
                let spaces = |count: u8| vec![b' '; usize::from(count % 4)];
                header = [spaces(before), header, vec![b'\t'; usize::from(after % 4)]].concat();
            }
            Alteration::OfLess => {
                header = signature(secret, &body[..body.len().saturating_sub(1)]).into_bytes();
            }
        }
        value(&header)
    }
}

impl Head<'_> {
    /// Every header of interest, as it is written; at most a few of each.
    pub fn headers(&self, body: &[u8]) -> Vec<(String, Vec<u8>)> {
        let signatures = self.signatures.iter().take(3);
        let signatures = signatures.map(|header| ("cresclab-signature".to_owned(), header.bytes(body)));
        let keys = self.keys.iter().take(3).map(|key| ("cresclab-idempotency-key".to_owned(), value(key)));
        let answer = [(ANSWER.to_owned(), self.answer.status().to_string().into_bytes())];
        let others =
            self.others.iter().take(5).filter_map(|(name, bytes)| Some((other(name)?, value(bytes))));
        let headers = others.chain(signatures).chain(keys).chain(answer);
        let written = |name: String| if self.upper_case { name.to_ascii_uppercase() } else { name };
        headers.map(|(name, bytes)| (written(name), bytes)).collect()
    }

    /// The values of the signature headers, as a parser hands them on.
    pub fn signatures(&self, body: &[u8]) -> Vec<Vec<u8>> {
        self.signatures.iter().take(3).map(|header| trimmed(&header.bytes(body)).to_vec()).collect()
    }
}

/// Another header's name, one that means nothing to a server.
fn other(name: &str) -> Option<String> {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).take(20).collect::<String>();
    (!letters.is_empty()).then(|| format!("x-other-{}", letters.to_ascii_lowercase()))
}

impl OneRequest<'_> {
    /// Every header, as a parser hands it on.
    pub fn headers(&self) -> Vec<(String, Vec<u8>)> {
        let headers = self.head.headers(&self.body()).into_iter();
        headers.map(|(name, value)| (name.to_ascii_lowercase(), trimmed(&value).to_vec())).collect()
    }

    /// All of the body that may come.
    pub fn body(&self) -> Vec<u8> {
        let data = self.frames.iter().filter_map(|frame| match frame {
            Frame::Data(data) => Some(*data),
            _ => None,
        });
        data.collect::<Vec<_>>().concat()
    }
}

impl WireRequest<'_> {
    /// What goes over the wire, and how the connection is left.
    pub fn bytes(&self) -> (Vec<u8>, End) {
        let body = self.sent_body();
        let mut wire =
            format!("{} /webhooks/maac HTTP/1.1\r\nhost: a\r\n", self.head.method.as_str()).into_bytes();
        for (name, value) in self.head.headers(body) {
            wire.extend([name.as_bytes(), b": ", value.as_slice(), b"\r\n"].concat());
        }
        if self.expects {
            wire.extend(b"expect: 100-continue\r\n");
        }
        let length = format!("content-length: {}\r\n", body.len());
        let chunked = "transfer-encoding: chunked\r\n";
        let (lengths, framed, end) = match &self.framing {
            Framing::Length => (length, body.to_vec(), End::Whole),
            Framing::LengthTwice => (length.repeat(2), body.to_vec(), End::Whole),
            Framing::None => (String::new(), Vec::new(), End::Whole),
            Framing::Chunked { sizes, extended, trailer } => {
                (chunked.to_owned(), chunks(body, sizes, *extended, trailer.map(value)), End::Whole)
            }
            Framing::Both { length, length_first } => {
                let length = format!("content-length: {length}\r\n");
                let both = if *length_first { length + chunked } else { chunked.to_owned() + &length };
                (both, chunks(body, &[], false, None), End::Last)
            }
            Framing::Short { missing } => {
                let length = format!("content-length: {}\r\n", body.len() + usize::from(*missing) + 1);
                (length, body.to_vec(), End::Broken)
            }
            Framing::ChunkedShort => {
                let whole = chunks(body, &[], false, None);
                (chunked.to_owned(), whole[..whole.len() - 5].to_vec(), End::Broken)
            }
            Framing::BadChunk => (chunked.to_owned(), b"zz\r\n".to_vec(), End::Broken),
            Framing::Lengths { more } => {
                let other = body.len() + usize::from(*more) + 1;
                (format!("{length}content-length: {other}\r\n"), body.to_vec(), End::Last)
            }
        };
        wire.extend([lengths.as_bytes(), b"\r\n", &framed].concat());
        (wire, end)
    }

    /// The body that a receiver is to read.
    pub fn sent_body(&self) -> &[u8] {
        match self.framing {
            Framing::None | Framing::BadChunk => b"",
            _ => &self.body[..self.body.len().min(2000)],
        }
    }
}

fn chunks(mut body: &[u8], sizes: &[u8], extended: bool, trailer: Option<Vec<u8>>) -> Vec<u8> {
    let extension = if extended { ";name=value" } else { "" };
    let mut wire = Vec::new();
    let mut sizes = sizes.iter().map(|size| usize::from(*size)).filter(|size| *size > 0);
    while !body.is_empty() {
        let (chunk, rest) = body.split_at(sizes.next().unwrap_or(body.len()).min(body.len()));
        wire.extend([format!("{:x}{extension}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        body = rest;
    }
    wire.extend(b"0\r\n");
    if let Some(trailer) = trailer {
        wire.extend([b"x-trailer: ", trailer.as_slice(), b"\r\n"].concat());
    }
    wire.extend(b"\r\n");
    wire
}
