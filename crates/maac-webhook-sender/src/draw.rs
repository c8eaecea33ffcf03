use uuid::Uuid;

/// A number below `limit`, drawn at random.
pub(crate) fn draw(limit: u64) -> u64 {
    (Uuid::new_v4().as_u128() % u128::from(limit)) as u64
}
