//! A share secret's file that is followed while `listen` runs.

use std::{path::PathBuf, time::Duration};

use maac_webhook::{SecretError, ShareSecret, ShareSecrets};
use tokio::time::{MissedTickBehavior, interval};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What a look at the file found.
type Look = Result<ShareSecret, SecretError>;

pub(super) async fn follow(file: PathBuf, in_force: ShareSecret, secrets: ShareSecrets) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = Looks::new(in_force.clone());
    let mut in_force = in_force;
    loop {
        ticks.tick().await;
        match looks.settle(ShareSecret::from_file(&file)) {
            Some(Ok(secret)) if !is_same(&in_force, secret) => {
                in_force = secret.clone();
                secrets.rotate(in_force.clone(), ShareSecrets::DEFAULT_OVERLAP);
                tracing::info!(
                    "the share secret changed; the one before it stays in force for {} s more",
                    ShareSecrets::DEFAULT_OVERLAP.as_secs()
                );
            }
            Some(Err(error)) => tracing::error!(%error, "the last good share secret stays in force"),
            Some(Ok(_)) | None => {}
        }
    }
}

/// Two looks in a row that agree: a file that is being written is seen with half a secret in it.
struct Looks {
    settled: Look,
    last: Option<Look>,
}

impl Looks {
    fn new(in_force: ShareSecret) -> Self {
        Self { settled: Ok(in_force), last: None }
    }

    /// What the file holds now, where that is news and no longer changes.
    fn settle(&mut self, look: Look) -> Option<&Look> {
        let is_stable = self.last.as_ref().is_some_and(|last| agree(last, &look));
        if agree(&self.settled, &look) || !is_stable {
            self.last = Some(look);
            return None;
        }
        self.last = None;
        self.settled = look;
        Some(&self.settled)
    }
}

fn agree(one: &Look, other: &Look) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => is_same(one, other),
        (Err(one), Err(other)) => one.kind() == other.kind(),
        _ => false,
    }
}

fn is_same(one: &ShareSecret, other: &ShareSecret) -> bool {
    one.expose_secret() == other.expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_looks_in_a_row_agree_on_is_told_once() {
        let mut looks = Looks::new(ShareSecret::new("old").unwrap());
        let mut told = Vec::new();
        for text in ["old", "", "ne", "new", "new", "new", "", "", "", "other", "new", "new"] {
            told.push(match looks.settle(ShareSecret::new(text)) {
                None => "-".to_owned(),
                Some(Ok(secret)) => secret.expose_secret().to_owned(),
                Some(Err(error)) => format!("{:?}", error.kind()),
            });
        }
        let expected = ["-", "-", "-", "-", "new", "-", "-", "Empty", "-", "-", "-", "new"];
        assert_eq!(told, expected);
    }
}
