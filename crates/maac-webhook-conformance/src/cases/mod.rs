//! Every case. An id is given once: `frozen.txt` has all that ever were.

mod answers;
mod body;
mod idempotency;
mod retries;
mod robustness;
mod signature;
mod topics;

use crate::Case;

/// Every case, in the order in which they are reported.
pub fn cases() -> impl Iterator<Item = Case> {
    let groups: [&[Case]; 7] = [
        signature::CASES,
        body::CASES,
        idempotency::CASES,
        answers::CASES,
        retries::CASES,
        robustness::CASES,
        topics::CASES,
    ];
    groups.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests;
