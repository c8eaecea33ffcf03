//! Why answers could not be read, told without the answers.

use std::error::Error;
use std::fmt::{self, Write};

/// Aliases that a message lists before it only counts the rest.
const LISTED_ALIASES: usize = 20;
/// Characters of an alias that a message prints.
const PRINTED_CHARACTERS: usize = 64;

/// Why the answers of a survey could not be read into the type asked for.
///
/// `Display` names the alias, what was expected, how much was sent, and the aliases there are.
/// Neither it nor `Debug` prints an answer; [`sent`](Self::sent) and [`detail`](Self::detail) hold
/// them for who asks.
#[derive(Clone)]
pub struct AnswersError {
    parts: Box<Parts>,
}

/// What kind of fault an [`AnswersError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnswersErrorKind {
    /// A field that is not an `Option` reads an alias that was not sent.
    MissingAlias,
    /// A field that needs an answer reads a question that was not answered. An `Option` would be
    /// `None`.
    Unanswered,
    /// A field of one answer reads a question with several. A `Vec` would hold them all.
    SeveralAnswers,
    /// The text sent is not what the field's type expects, or there are not as many answers as a
    /// tuple has places.
    NotReadable,
    /// An alias was sent that the type has no field for, and the type denies those.
    UnknownAlias,
    /// The type wants another shape than a list of texts, as a struct in a field does.
    NotSupported,
    /// The event holds the answers of several surveys, where those of one were asked for.
    SeveralSurveys,
    /// The type refused the answers as a whole, or two aliases of one field were sent.
    Other,
}

impl AnswersError {
    pub(super) fn new(parts: Box<Parts>) -> Self {
        Self { parts }
    }

    /// An event of several surveys has several alias maps, of which none is the one asked for.
    pub(in super::super) fn several_surveys() -> Self {
        Self::new(Box::new(Parts::new(AnswersErrorKind::SeveralSurveys, None)))
    }

    /// What kind of fault it is.
    #[must_use]
    pub fn kind(&self) -> AnswersErrorKind {
        self.parts.kind
    }

    /// The alias at fault. `None` if the type as a whole cannot be read.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.parts.alias.as_deref()
    }

    /// What was sent under [`alias`](Self::alias): it may be personal data.
    #[must_use]
    pub fn sent(&self) -> &[String] {
        &self.parts.sent
    }

    /// Every alias that was sent, in that order.
    #[must_use]
    pub fn known_aliases(&self) -> &[String] {
        &self.parts.known
    }

    /// What the field's type expected, in words, where that is known.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.parts.expected.as_deref()
    }

    /// The message of the type that refused the answer, if it gave one. It may quote the answer, so
    /// it may be personal data.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.parts.detail.as_deref()
    }
}

impl fmt::Debug for AnswersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.debug("AnswersError", f)
    }
}

impl fmt::Display for AnswersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}

impl Error for AnswersError {}

#[derive(Clone)]
pub(super) struct Parts {
    pub(super) kind: AnswersErrorKind,
    pub(super) alias: Option<String>,
    pub(super) sent: Vec<String>,
    /// Which of the answers sent is at fault, if one alone is.
    pub(super) index: Option<usize>,
    pub(super) known: Vec<String>,
    pub(super) expected: Option<String>,
    pub(super) detail: Option<String>,
}

impl Parts {
    pub(super) fn new(kind: AnswersErrorKind, expected: Option<String>) -> Self {
        Self { kind, alias: None, sent: Vec::new(), index: None, known: Vec::new(), expected, detail: None }
    }

    fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("kind", &self.kind)
            .field("alias", &self.alias)
            .field("sent", &format_args!("[{} redacted]", self.sent.len()))
            .field("known_aliases", &self.known)
            .field("expected", &self.expected)
            .field("detail", &self.detail.as_ref().map(|_| format_args!("[redacted]")))
            .finish()
    }

    fn write_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected.as_deref().unwrap_or("what the field's type accepts");
        let shape = Shape(self);
        match self.kind {
            AnswersErrorKind::MissingAlias => {
                f.write_str("was not sent")?;
                match self.other_spelling() {
                    Some(alias) => write!(f, " (did you mean {}?)", Quoted(alias)),
                    None => Ok(()),
                }
            }
            AnswersErrorKind::Unanswered => {
                write!(f, "expected {expected}, got {shape}: an `Option` reads an unanswered question")
            }
            AnswersErrorKind::SeveralAnswers => {
                write!(f, "expected {expected}, got {shape}: a `Vec` reads several answers")
            }
            AnswersErrorKind::NotReadable => write!(f, "expected {expected}, got {shape}"),
            AnswersErrorKind::UnknownAlias => write!(f, "no field reads it, expected {expected}"),
            AnswersErrorKind::NotSupported if self.alias.is_some() => {
                write!(
                    f,
                    "expected {expected}, but an alias is a list of texts: \
                     a `String` or a `Vec` reads it"
                )
            }
            AnswersErrorKind::NotSupported => write!(
                f,
                "expected {expected}, but they are a map of lists of texts, and behind \
                 `#[serde(flatten)]` or in a tagged or untagged enum only a list can be read"
            ),
            AnswersErrorKind::SeveralSurveys => {
                f.write_str("the event holds those of several surveys: read each by itself")
            }
            AnswersErrorKind::Other => match &self.expected {
                Some(expected) => write!(f, "expected {expected}"),
                None => f.write_str("the type refuses them"),
            },
        }
    }

    fn write_known(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.known.split_first() else {
            return f.write_str("; no aliases were sent");
        };
        write!(f, "; aliases sent: {}", Quoted(first))?;
        rest.iter().take(LISTED_ALIASES - 1).try_for_each(|alias| write!(f, ", {}", Quoted(alias)))?;
        match self.known.len().saturating_sub(LISTED_ALIASES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }

    /// An alias that was sent and differs from the missing one only in case and punctuation.
    fn other_spelling(&self) -> Option<&str> {
        let letters = |alias: &str| {
            alias.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
        };
        let wanted = self.alias.as_deref().map(letters).filter(|wanted| !wanted.is_empty())?;
        self.known.iter().map(String::as_str).find(|alias| letters(alias) == wanted)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Parts", f)
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "alias {}: ", Quoted(alias))?,
            None => f.write_str("answers: ")?,
        }
        self.write_fault(f)?;
        match self.kind {
            AnswersErrorKind::SeveralSurveys => Ok(()),
            _ => self.write_known(f),
        }
    }
}

/// How much was sent, in place of what.
struct Shape<'a>(&'a Parts);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.sent.as_slice() {
            [] => f.write_str("no answer"),
            [answer] => write!(f, "one answer of {}", Characters(answer)),
            answers => {
                write!(f, "{} answers", answers.len())?;
                match self.0.index.and_then(|index| Some((index, answers.get(index)?))) {
                    Some((index, answer)) => {
                        write!(f, " (number {} is of {})", index + 1, Characters(answer))
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

struct Characters<'a>(&'a str);

impl fmt::Display for Characters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.chars().count() {
            1 => f.write_str("1 character"),
            count => write!(f, "{count} characters"),
        }
    }
}

/// An alias for a log line: it comes from outside, so what could break or reorder the line is
/// escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(PRINTED_CHARACTERS) {
            match character {
                '\'' | '"' => f.write_char(character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        if characters.next().is_some() {
            f.write_char('…')?;
        }
        f.write_char('`')
    }
}
