//! What MAAC's sender makes of an answer (MAAC OpenAPI, Webhook).

/// What the sender does once it has read an answer's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reaction {
    /// The event counts as delivered. MAAC documents 200; any other 2xx is our reading.
    Delivered,
    /// The event is sent again after 1 s, 2 s and 4 s, four attempts in all, and then it is gone.
    Retried,
    /// The event is gone at once: MAAC keeps no log to replay.
    Final,
}

impl Reaction {
    /// The sender's reaction to a status code.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            408 | 429 | 500..=599 => Self::Retried,
            _ => Self::Final,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_delivered_retried_or_final_as_documented() {
        for status in 200..300 {
            assert_eq!(Reaction::of_status(status), Reaction::Delivered, "{status}");
        }
        for status in [408, 429].into_iter().chain(500..600) {
            assert_eq!(Reaction::of_status(status), Reaction::Retried, "{status}");
        }
        let others = (100..200).chain(300..408).chain(409..429).chain(430..500).chain([600, 999]);
        for status in others {
            assert_eq!(Reaction::of_status(status), Reaction::Final, "{status}");
        }
    }
}
