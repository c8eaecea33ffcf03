//! A disk that is really full: a small file system of its own, which then grows.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::skip;

/// Who may mount one: root, or whoever gets a user namespace.
#[derive(Debug)]
pub struct Disk {
    unshare: &'static [&'static str],
    nsenter: &'static [&'static str],
}

impl Disk {
    const AS_ROOT: Self = Self { unshare: &["--mount"], nsenter: &["--mount"] };
    const IN_A_NAMESPACE: Self = Self {
        unshare: &["--mount", "--map-root-user"],
        nsenter: &["--mount", "--user", "--preserve-credentials"],
    };

    /// `None` where nobody may, which is told.
    #[must_use]
    pub fn new(folder: &Path) -> Option<Self> {
        let disk = [Self::AS_ROOT, Self::IN_A_NAMESPACE].into_iter().find(|disk| {
            disk.with(folder, 1, &Command::new("true")).output().is_ok_and(|output| output.status.success())
        });
        disk.or_else(|| skip("this machine lets nobody mount a file system"))
    }

    /// The command where `folder` is a disk of so many MiB, which ends with it.
    #[must_use]
    pub fn with(&self, folder: &Path, mebibytes: u32, command: &Command) -> Command {
        let mount = format!(r#"mount -t tmpfs -o size={mebibytes}m tmpfs "$0" && exec "$@""#);
        let mut unshare = Command::new("unshare");
        unshare.args(self.unshare).args(["sh", "-c", &mount]);
        unshare.arg(folder).arg(command.get_program()).args(command.get_args());
        unshare
    }

    /// Makes room on the disk of a process.
    ///
    /// # Panics
    ///
    /// Where it cannot be made.
    pub fn grow(&self, folder: &Path, mebibytes: u32, process: u32) {
        let mut nsenter = Command::new("nsenter");
        nsenter.arg("--target").arg(process.to_string()).args(self.nsenter);
        nsenter.args(["mount", "-o", &format!("remount,size={mebibytes}m")]).arg(folder);
        let Output { status, stderr, .. } = nsenter.output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    }
}
