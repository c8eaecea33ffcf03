//! The files that reports are written to.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use maac_webhook_conformance::Report;

use super::CheckArgs;
use crate::failure::Failure;

/// How a report is written.
type Format = fn(&Report) -> String;

/// Those that were asked for, opened before anything is sent: what cannot be written must not come to light only when a
/// receiver has been graded.
pub(super) struct Files(Vec<(PathBuf, File, Format)>);

impl Files {
    pub(super) fn open(args: &CheckArgs) -> Result<Self, Failure> {
        let asked: [(_, Format); 3] =
            [(&args.json, Report::to_json), (&args.junit, Report::to_junit), (&args.html, Report::to_html)];
        let opened = asked.into_iter().filter_map(|(path, write)| {
            let path = path.as_ref()?;
            let file = File::create(path).map_err(|error| unwritable(path, error));
            Some(file.map(|file| (path.clone(), file, write)))
        });
        opened.collect::<Result<_, _>>().map(Self)
    }

    /// Writes each of them, and gives what kept one from being written.
    pub(super) fn write(self, report: &Report) -> Vec<Failure> {
        let write = |(path, mut file, written): (PathBuf, File, Format)| {
            file.write_all(written(report).as_bytes()).map_err(|error| unwritable(&path, error)).err()
        };
        self.0.into_iter().filter_map(write).collect()
    }
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::because(format!("cannot write {}", path.display()), error)
}
