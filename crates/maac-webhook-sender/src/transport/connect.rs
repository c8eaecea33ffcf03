use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::{Resolver, TargetPolicy, TransportError, TransportErrorKind, read_on::ReadOn};
use crate::Target;

/// Tries each address of the host in turn that may be delivered to. The name is resolved once: what was judged is what is
/// connected to.
pub(super) async fn connect(
    target: &Target,
    resolver: &Resolver,
    policy: &TargetPolicy,
) -> Result<ReadOn<TcpStream>, TransportError> {
    let mut last = None;
    for address in allowed(target, resolver, policy).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // A request in two segments must not wait for an acknowledgement in between.
                let _ = stream.set_nodelay(true);
                return Ok(ReadOn::new(stream));
            }
            Err(error) => last = Some(TransportError::connecting(&error)),
        }
    }
    Err(last.unwrap_or_else(|| TransportError::new(TransportErrorKind::Dns, "the name has no address")))
}

async fn allowed(
    target: &Target,
    resolver: &Resolver,
    policy: &TargetPolicy,
) -> Result<Vec<SocketAddr>, TransportError> {
    let host = target.host();
    let resolved = resolver.resolve(host, target.port()).await;
    let resolved =
        resolved.map_err(|error| TransportError::new(TransportErrorKind::Dns, error.to_string()))?;
    let mut refused = None;
    let mut addresses = Vec::with_capacity(resolved.len());
    for address in resolved {
        match policy.check(host, address.ip()) {
            Ok(()) => addresses.push(address),
            Err(why_not) => refused = refused.or(Some(why_not)),
        }
    }
    match refused {
        Some(why_not) if addresses.is_empty() => {
            Err(TransportError::new(TransportErrorKind::NotAllowed, why_not.to_string()))
        }
        _ => Ok(addresses),
    }
}

#[cfg(test)]
mod tests;
