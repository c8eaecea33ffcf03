use std::{fmt, future::Future, pin::Pin};

use serde::{Serialize, Serializer};

use crate::{grade::Graded, trial::Trial};

/// One question to a receiver: what it is sent, and what it is to make of it.
#[derive(Clone, Copy)]
pub struct Case {
    id: &'static str,
    level: Level,
    title: &'static str,
    basis: Basis,
    contract: &'static str,
    expected: &'static str,
    pub(crate) needs: Needs,
    pub(crate) turn: Turn,
    pub(crate) check: Check,
}

pub(crate) type Check = for<'a> fn(&'a Trial<'a>) -> Checking<'a>;

pub(crate) type Checking<'a> = Pin<Box<dyn Future<Output = Graded> + Send + 'a>>;

/// What must hold so that the case says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A plain genuine event is accepted.
    Acceptance,
    /// A receiver.
    Nothing,
}

/// When a case has its turn: each of these once all before it have had theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Usual,
    /// It ends the receiver's process, after which an event may rightly be handled again.
    Crash,
    /// It sends what a handler may not be able to handle, and stop at.
    Late,
    /// It looks at what was answered in all others.
    Last,
}

impl Turn {
    pub(crate) const ALL: [Self; 4] = [Self::Usual, Self::Crash, Self::Late, Self::Last];
}

/// What a case is about. A case's id has its short name: `MAAC-SIG-001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Whether what is forged is told from what is genuine.
    Signature,
    /// Bodies as MAAC may write them.
    Body,
    /// An event that comes again.
    Idempotency,
    /// What is answered, and how fast.
    Answers,
    /// What was unlucky comes back.
    Retries,
    /// What is slow, broken off, malformed or new.
    Robustness,
    /// The six topics.
    Topics,
}

/// How much a case matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// What MAAC demands, and without which events are forged, lost or doubled. The suite's verdict is of these alone.
    Must,
    /// What we read between the lines, or ask for beyond it.
    Should,
    /// What is good to know.
    Info,
}

/// Where it is from that a receiver is to do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// MAAC's documentation says it.
    Documented,
    /// A sample in the documentation shows it.
    SeenInASample,
    /// It follows, as we read it.
    OurReading,
}

impl Case {
    /// Its id, which is its own for ever: `MAAC-SIG-003`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it is about.
    #[must_use]
    pub fn group(&self) -> Group {
        let group =
            self.id.split('-').nth(1).and_then(|code| Group::ALL.into_iter().find(|g| g.code() == code));
        // A test sees to it that there is one.
        group.unwrap_or(Group::Signature)
    }

    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// What a correct receiver does, in a sentence.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// What the contract says about it.
    #[must_use]
    pub fn contract(&self) -> &'static str {
        self.contract
    }

    /// Whether that is documented.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// What is expected.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    pub(crate) const fn must(id: &'static str, title: &'static str) -> Self {
        Self::new(Level::Must, id, title)
    }

    pub(crate) const fn should(id: &'static str, title: &'static str) -> Self {
        Self::new(Level::Should, id, title)
    }

    pub(crate) const fn info(id: &'static str, title: &'static str) -> Self {
        Self::new(Level::Info, id, title)
    }

    const fn new(level: Level, id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            level,
            title,
            basis: Basis::OurReading,
            contract: "",
            expected: "",
            needs: Needs::Acceptance,
            turn: Turn::Usual,
            check: |_| {
                Box::pin(async { Err(crate::grade::Halt::Error("the case checks nothing".to_owned())) })
            },
        }
    }

    pub(crate) const fn documented(self, contract: &'static str) -> Self {
        Self { basis: Basis::Documented, contract, ..self }
    }

    pub(crate) const fn sampled(self, contract: &'static str) -> Self {
        Self { basis: Basis::SeenInASample, contract, ..self }
    }

    pub(crate) const fn our_reading(self, contract: &'static str) -> Self {
        Self { basis: Basis::OurReading, contract, ..self }
    }

    pub(crate) const fn expects(self, expected: &'static str) -> Self {
        Self { expected, ..self }
    }

    /// It says something of a receiver that accepts nothing, too.
    pub(crate) const fn of_any_receiver(self) -> Self {
        Self { needs: Needs::Nothing, ..self }
    }

    pub(crate) const fn at(self, turn: Turn) -> Self {
        Self { turn, ..self }
    }

    pub(crate) const fn check(self, check: Check) -> Self {
        Self { check, ..self }
    }
}

impl Group {
    /// Every group, in the order of the suite.
    pub const ALL: [Self; 7] = [
        Self::Signature,
        Self::Body,
        Self::Idempotency,
        Self::Answers,
        Self::Retries,
        Self::Robustness,
        Self::Topics,
    ];

    /// Its name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Body => "body",
            Self::Idempotency => "idempotency",
            Self::Answers => "answers",
            Self::Retries => "retries",
            Self::Robustness => "robustness",
            Self::Topics => "topics",
        }
    }

    /// Its part of an id.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Signature => "SIG",
            Self::Body => "BODY",
            Self::Idempotency => "IDEM",
            Self::Answers => "ANS",
            Self::Retries => "RETRY",
            Self::Robustness => "ROB",
            Self::Topics => "TOPIC",
        }
    }
}

impl Level {
    /// Every level, the one that matters most first.
    pub const ALL: [Self; 3] = [Self::Must, Self::Should, Self::Info];

    /// Its name, in upper case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Info => "INFO",
        }
    }
}

impl Basis {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::SeenInASample => "seen in a sample",
            Self::OurReading => "our reading",
        }
    }
}

macro_rules! written {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

written!(Group, Level, Basis);
pub(crate) use written;

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("id", &self.id).field("level", &self.level).finish_non_exhaustive()
    }
}
