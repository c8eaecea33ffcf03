use std::{error::Error, fmt::Write};

/// What an error says, and after a colon each what caused it: one line for a log or a rejection's detail.
///
/// A cause whose text the line already ends with is left out: some say themselves what caused them.
#[must_use]
pub fn error_with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            // A String takes whatever is written to it.
            let _ = write!(text, ": {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Says(&'static str, Option<Box<Says>>);

    impl fmt::Display for Says {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Says {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn each_cause_is_said_once() {
        let disk = Box::new(Says("disk full", None));
        let write = Box::new(Says("cannot write: disk full", Some(disk)));
        assert_eq!(
            error_with_causes(&Says("not stored", Some(write))),
            "not stored: cannot write: disk full"
        );
        assert_eq!(error_with_causes(&Says("alone", None)), "alone");
    }
}
