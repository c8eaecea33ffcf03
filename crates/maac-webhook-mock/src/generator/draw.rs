use std::fmt::Write;

use fastrand::Rng;
use sha2::{Digest, Sha256};

use super::words;

/// What is drawn at random, from a seed.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    rng: Rng,
    friends: Vec<Friend>,
}

/// A friend, with the brand's own id where it has one.
#[derive(Clone, Debug)]
pub(super) struct Friend {
    pub(super) line_uid: String,
    pub(super) customer_id: Option<String>,
}

impl Draw {
    /// How many friends may come again.
    const REMEMBERED: usize = 50;

    pub(super) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), friends: Vec::new() }
    }

    /// A number below `limit`, which is not zero.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.rng.u64(..limit)
    }

    pub(super) fn flip(&mut self) -> bool {
        self.rng.bool()
    }

    /// One of these, of which there are some.
    pub(super) fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.rng.usize(..all.len())]
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        *self.one(all)
    }

    /// In two of three cases.
    pub(super) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        // Drawn in any case, so that what follows does not depend on it.
        let made = make(self);
        (self.below(3) > 0).then_some(made)
    }

    pub(super) fn hex(&mut self, length: usize) -> String {
        (0..length).filter_map(|_| char::from_digit(self.below(16) as u32, 16)).collect()
    }

    pub(super) fn digits(&mut self, length: usize) -> String {
        (0..length).filter_map(|_| char::from_digit(self.below(10) as u32, 10)).collect()
    }

    /// A new friend, or in one of four cases one who came before.
    pub(super) fn friend(&mut self) -> Friend {
        if !self.friends.is_empty() && self.below(4) == 0 {
            let before = self.below(self.friends.len() as u64) as usize;
            return self.friends[before].clone();
        }
        let line_uid = format!("U{}", self.hex(32));
        let customer_id = self.maybe(|draw| format!("C-{}", draw.digits(5)));
        let friend = Friend { line_uid, customer_id };
        if self.friends.len() < Self::REMEMBERED {
            self.friends.push(friend.clone());
        } else {
            let forgotten = self.below(Self::REMEMBERED as u64) as usize;
            self.friends[forgotten] = friend.clone();
        }
        friend
    }

    /// A Taiwan uniform invoice's number.
    pub(super) fn invoice(&mut self) -> String {
        let mut letter = || char::from(b'A' + self.below(26) as u8);
        let letters = [letter(), letter()];
        letters.into_iter().chain(self.digits(8).chars()).collect()
    }

    pub(super) fn uuid(&mut self) -> String {
        let groups = [8, 4, 4, 4, 12].map(|length| self.hex(length));
        groups.join("-")
    }

    pub(super) fn name(&mut self) -> String {
        format!("{}{}", self.of(words::FAMILY_NAMES), self.of(words::GIVEN_NAMES))
    }

    /// A mobile number in E.164 form.
    pub(super) fn phone(&mut self) -> String {
        format!("+8869{}", self.digits(8))
    }

    /// The same, or its SHA-256 in hexadecimal.
    pub(super) fn phone_or_hash(&mut self) -> String {
        let phone = self.phone();
        if self.flip() {
            return phone;
        }
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(phone) {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}
