//! How many connections the system has room for.

/// File descriptors that are not connections: the runtime's, the output's, a secret's file.
#[cfg(unix)]
const OTHERS: usize = 64;

/// As many connections as wanted, or as many as the limit on open files has room for; that limit is raised as far as
/// the process may.
#[cfg(unix)]
pub(crate) fn connections_at_most(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let before = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wanted.saturating_add(OTHERS)).unwrap_or(u64::MAX);
    let enough = before.maximum.map_or(needed, |most| most.min(needed));
    if before.current.is_some_and(|current| current < enough) {
        let raised = Rlimit { current: Some(enough), maximum: before.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, "the limit on open files cannot be raised");
        }
    }
    let Some(files) = getrlimit(Resource::Nofile).current else { return wanted };
    let room = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHERS).max(1);
    if room < wanted {
        tracing::warn!("the limit on open files leaves room for {room} connections at once, not {wanted}");
    }
    wanted.min(room)
}

#[cfg(not(unix))]
pub(crate) fn connections_at_most(wanted: usize) -> usize {
    wanted
}
