/// What becomes of the retries of a delivery whose endpoint is sent nothing any more when the next one is due: it was
/// stopped or deleted, or the purchase's period is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetriesUnderWay {
    /// They are not made.
    #[default]
    Cancelled,
    /// They are made, to the URL and with the signature of the first attempt.
    Continued,
}
