//! Running other programs, in the repository's root or below it.

use std::{
    env, fmt, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output, Stdio},
};

/// Why a chore stopped, for the one who called it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    fn not_started(command: &Command, error: &io::Error) -> Self {
        Self(format!("`{}` could not be started: {error}", line(command)))
    }

    fn ended(command: &Command, status: ExitStatus) -> Self {
        Self(format!("`{}` ended with {status}", line(command)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Cargo, in the root: the one that runs this.
pub(crate) fn cargo() -> Command {
    program(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Another program, in the root.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Says what is run, and runs it with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    println!("$ {}", line(command));
    let status = command.status().map_err(|error| Failure::not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::ended(command, status)) }
}

/// Says what is run, and gives its standard output; the rest is shown.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    println!("$ {}", line(command));
    let output = command.stderr(Stdio::inherit()).output();
    let Output { status, stdout, .. } = output.map_err(|error| Failure::not_started(command, &error))?;
    if !status.success() {
        return Err(Failure::ended(command, status));
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Says what is run, and shows all of its output where it fails, or else the last line.
pub(crate) fn run_quietly(command: &mut Command) -> Result<(), Failure> {
    println!("$ {}", line(command));
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| Failure::not_started(command, &error))?;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if !status.success() {
        eprintln!("{stdout}{stderr}");
        return Err(Failure::ended(command, status));
    }
    println!("{}", stderr.lines().next_back().unwrap_or_default());
    Ok(())
}

/// Whether it can be run at all and succeeds; it shows nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
