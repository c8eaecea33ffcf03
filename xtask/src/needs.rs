//! What a chore needs that the machine may lack: installed where that is safe to do, and otherwise told
//! by name.

use std::{env, fs};

use crate::run::{Failure, cargo, program, run, succeeds};

/// A program that is not built from this repository.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// The tests that compare with Python's `hmac` and `json.dumps`.
    Python,
    /// libFuzzer, which cargo-fuzz compiles, is written in C++.
    CppCompiler,
    /// The test of the receiver with express, which installs that.
    Node,
    /// The tests of the inbox on Postgres.
    Postgres,
    /// The test that a commit is on the disk before an event is answered.
    #[cfg(target_os = "linux")]
    Strace,
    /// The tests of the sandbox's console in a real browser.
    Chromium,
    Chromedriver,
    /// Fetches axe-core, which looks at the console's pages.
    Npm,
    CargoFuzz,
    CargoMutants,
    CargoDeny,
}

/// How a missing program is had.
enum Source {
    /// A package of Debian's, and what to look for elsewhere.
    Debian { package: &'static str, elsewhere: &'static str },
    /// A crate, at the version this project is run with.
    Crate { name: &'static str, version: &'static str },
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "python3",
            Self::CppCompiler => "a C++ compiler",
            Self::Node => "npm",
            Self::Postgres => "Postgres",
            #[cfg(target_os = "linux")]
            Self::Strace => "strace",
            Self::Chromium => "chromium",
            Self::Chromedriver => "chromedriver",
            Self::Npm => "npm",
            Self::CargoFuzz => "cargo-fuzz",
            Self::CargoMutants => "cargo-mutants",
            Self::CargoDeny => "cargo-deny",
        }
    }

    fn source(self) -> Source {
        match self {
            Self::Python => Source::Debian { package: "python3", elsewhere: "Python 3 as `python3`" },
            Self::CppCompiler => {
                Source::Debian { package: "g++", elsewhere: "GCC or Clang as `c++`, or name it in CXX" }
            }
            Self::Node => Source::Debian { package: "npm", elsewhere: "Node.js 18 or later with `npm`" },
            Self::Postgres => {
                Source::Debian { package: "postgresql", elsewhere: "PostgreSQL with `postgres` in the path" }
            }
            #[cfg(target_os = "linux")]
            Self::Strace => Source::Debian { package: "strace", elsewhere: "strace" },
            Self::Chromium => Source::Debian { package: "chromium", elsewhere: "Chromium as `chromium`" },
            Self::Chromedriver => {
                Source::Debian { package: "chromium-driver", elsewhere: "ChromeDriver of Chromium's version" }
            }
            Self::Npm => Source::Debian { package: "npm", elsewhere: "Node.js with `npm`" },
            Self::CargoFuzz => Source::Crate { name: "cargo-fuzz", version: "0.13.2" },
            Self::CargoMutants => Source::Crate { name: "cargo-mutants", version: "27.1.0" },
            Self::CargoDeny => Source::Crate { name: "cargo-deny", version: "0.19.9" },
        }
    }

    fn is_met(self) -> bool {
        match self {
            Self::Python => succeeds(program("python3").arg("--version")),
            Self::CppCompiler => {
                let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
                succeeds(program(&compiler).arg("--version"))
            }
            Self::Node => {
                succeeds(program("node").arg("--version")) && succeeds(program("npm").arg("--version"))
            }
            Self::Postgres => has_postgres(),
            #[cfg(target_os = "linux")]
            Self::Strace => succeeds(program("strace").arg("--version")),
            Self::Chromium => succeeds(program("chromium").arg("--version")),
            Self::Chromedriver => succeeds(program("chromedriver").arg("--version")),
            Self::Npm => succeeds(program("npm").arg("--version")),
            Self::CargoFuzz => succeeds(cargo().args(["fuzz", "--version"])),
            Self::CargoMutants => succeeds(cargo().args(["mutants", "--version"])),
            Self::CargoDeny => succeeds(cargo().args(["deny", "--version"])),
        }
    }
}

/// Sees to it that each need is met, or tells all that are not.
pub(crate) fn provide(needs: &[Need]) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for &need in needs {
        if need.is_met() {
            println!("{}: found", need.name());
            continue;
        }
        println!("{}: missing", need.name());
        if let Err(failure) = install(need) {
            missing.push(format!("{}: {failure}", need.name()));
        } else if !need.is_met() {
            missing.push(format!("{}: it was installed, but does not run", need.name()));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("this machine lacks\n  {}", missing.join("\n  "))))
}

fn install(need: Need) -> Result<(), Failure> {
    match need.source() {
        Source::Debian { package, .. } if can_apt_get() => {
            run(program("apt-get").arg("update"))?;
            run(program("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", package]))
        }
        Source::Debian { package, elsewhere } => Err(Failure::new(format!(
            "on Debian or Ubuntu, `apt-get install {package}` as root; elsewhere install {elsewhere}"
        ))),
        Source::Crate { name, version } => {
            run(cargo().args(["install", "--locked", name, "--version", version]))
        }
    }
}

/// Debian keeps the server out of the path, in a folder for each version.
fn has_postgres() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin/postgres")).any(|server| server.is_file())
        || succeeds(program("postgres").arg("--version"))
}

/// Debian's packages are installed without asking only where nobody would have to be asked: as root.
fn can_apt_get() -> bool {
    let root = program("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    root && succeeds(program("apt-get").arg("--version"))
}
