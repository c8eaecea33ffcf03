//! Where a command gets the share secret from.

use std::path::{Path, PathBuf};

use clap::Args;
use maac_webhook::{ShareSecret, ShareSecrets};
use zeroize::Zeroizing;

use crate::{failure::Failure, log};

pub(crate) const VARIABLE: &str = "MAAC_SHARE_SECRET";

/// The share secret, from one of three places.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct SecretArgs {
    /// Read the share secret from this file, which `listen` follows; best replace it by a new one that is renamed
    /// [default: the environment variable MAAC_SHARE_SECRET]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// The share secret itself; others on this machine can see a command line, so prefer the other two
    #[arg(long, value_name = "SECRET", value_parser = hidden)]
    secret: Option<Hidden>,
}

/// A value that must not be printed.
#[derive(Clone)]
pub(crate) struct Hidden(Zeroizing<String>);

fn hidden(text: &str) -> Result<Hidden, std::convert::Infallible> {
    Ok(Hidden(Zeroizing::new(text.to_owned())))
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}

impl SecretArgs {
    pub(crate) fn secret(&self) -> Result<ShareSecret, Failure> {
        let secret = self.unwarned()?;
        if let Some(slip) = secret.slip() {
            log::line(format_args!("warning: {slip}"));
        }
        Ok(secret)
    }

    fn unwarned(&self) -> Result<ShareSecret, Failure> {
        match (&self.secret_file, &self.secret) {
            (Some(path), _) => ShareSecret::from_file(path).map_err(unusable),
            (None, Some(secret)) => {
                log::line("warning: a secret on the command line can be seen by others on this machine");
                ShareSecret::new(secret.0.as_str()).map_err(unusable)
            }
            (None, None) => ShareSecret::from_env(VARIABLE).map_err(|error| match error.kind() {
                maac_webhook::SecretErrorKind::NotSet => Failure::new(format!(
                    "no share secret: set {VARIABLE}, or give --secret-file FILE or --secret SECRET"
                )),
                _ => unusable(error),
            }),
        }
    }

    /// The secret's text as it was given, before anything is said of it; `None` where there is none.
    pub(crate) fn as_given(&self) -> Option<Zeroizing<String>> {
        let given = match (&self.secret_file, &self.secret) {
            (Some(path), _) => std::fs::read_to_string(path).ok(),
            (None, Some(secret)) => return Some(secret.0.clone()),
            (None, None) => std::env::var(VARIABLE).ok(),
        };
        given.map(Zeroizing::new)
    }

    /// For a receiver: a file is remembered, to be read again.
    pub(crate) fn secrets(&self) -> Result<ShareSecrets, Failure> {
        match &self.secret_file {
            Some(path) => ShareSecrets::from_file(path).map_err(unusable),
            None => self.unwarned().map(ShareSecrets::new),
        }
    }

    pub(crate) fn is_file(&self) -> bool {
        self.secret_file.is_some()
    }

    /// The file that it is read from.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.secret_file.as_deref()
    }
}

fn unusable(error: maac_webhook::SecretError) -> Failure {
    Failure::because("the share secret cannot be used", error)
}
