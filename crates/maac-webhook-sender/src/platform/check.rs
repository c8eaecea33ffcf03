use std::net::IpAddr;

use maac_webhook::event::Topic;

use super::{EndpointForm, PlatformErrorKind, Purchase, Zone};
use crate::Target;

/// Where an endpoint's URL may begin with `http://`. MAAC's console accepts `https://` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlainHttp {
    /// Nowhere, as in MAAC's console.
    #[default]
    Refused,
    /// At this machine's own addresses: `localhost`, `127.0.0.0/8` and `::1`.
    Loopback,
    /// At any address, as for a receiver in a container. What may be reached at all is the transport's affair.
    Anywhere,
}

/// A form that may become an endpoint.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) url: Target,
    pub(super) topics: Vec<Topic>,
}

/// How many characters a name may have.
pub(super) const NAME_LIMIT: usize = 100;

pub(super) fn check(
    form: &EndpointForm,
    purchase: &Purchase,
    plain_http: PlainHttp,
) -> Result<Checked, PlatformErrorKind> {
    Ok(Checked {
        name: name(&form.name)?,
        url: url(form.url.trim(), plain_http)?,
        topics: topics(&form.topics, purchase)?,
    })
}

/// All that is wrong with a form, in the order of its fields.
pub(super) fn faults(
    form: &EndpointForm,
    purchase: &Purchase,
    plain_http: PlainHttp,
) -> Vec<PlatformErrorKind> {
    let (name, url) = (name(&form.name).err(), self::url(form.url.trim(), plain_http).err());
    name.into_iter().chain(url).chain(topics(&form.topics, purchase).err()).collect()
}

fn name(name: &str) -> Result<String, PlatformErrorKind> {
    let name = name.trim();
    if name.is_empty() {
        Err(PlatformErrorKind::NameMissing)
    } else if name.chars().count() > NAME_LIMIT {
        Err(PlatformErrorKind::NameTooLong { limit: NAME_LIMIT })
    } else if name.chars().any(char::is_control) {
        Err(PlatformErrorKind::NameNotPrintable)
    } else {
        Ok(name.to_owned())
    }
}

fn url(url: &str, plain_http: PlainHttp) -> Result<Target, PlatformErrorKind> {
    let target: Target = url
        .parse()
        .map_err(|error: crate::InvalidTarget| PlatformErrorKind::InvalidUrl { fault: error.kind() })?;
    let allowed = target.is_https()
        || match plain_http {
            PlainHttp::Refused => false,
            PlainHttp::Loopback => is_loopback(target.host()),
            PlainHttp::Anywhere => true,
        };
    let loopback_allowed = plain_http == PlainHttp::Loopback;
    if allowed { Ok(target) } else { Err(PlatformErrorKind::NotHttps { loopback_allowed }) }
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        // RFC 6761: the name and all below it are this machine's.
        Err(_) => {
            let host = host.to_ascii_lowercase();
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}

/// In their documented order, each once.
fn topics(chosen: &[Topic], purchase: &Purchase) -> Result<Vec<Topic>, PlatformErrorKind> {
    for topic in chosen {
        let zone = Zone::of(topic).ok_or_else(|| PlatformErrorKind::UnknownTopic { topic: topic.clone() })?;
        if !purchase.has(zone) {
            return Err(PlatformErrorKind::ZoneNotBought { topic: topic.clone(), zone });
        }
    }
    let topics: Vec<_> = Topic::DOCUMENTED.iter().filter(|topic| chosen.contains(topic)).cloned().collect();
    if topics.is_empty() { Err(PlatformErrorKind::NoTopic) } else { Ok(topics) }
}
