use maac_webhook::jiff::Timestamp;
use maac_webhook_sender::{payload::ReceiptValidated, samples};

use super::Sample;

impl Sample<ReceiptValidated> {
    /// Adds an item that matches. Its amount is price times quantity.
    #[must_use]
    pub fn item(self, description: impl Into<String>, unit_price: f64, quantity: f64) -> Self {
        // Its fields may grow, so it is made of one that there is.
        let item = samples::receipt_validated(Timestamp::now()).items.pop();
        self.with(|receipt| {
            let Some(mut item) = item else { return };
            item.description = description.into();
            (item.unit_price, item.quantity, item.amount) = (unit_price, quantity, unit_price * quantity);
            receipt.items.push(item);
        })
    }

    /// Takes all items away, so that those added are the only ones.
    #[must_use]
    pub fn no_items(self) -> Self {
        self.with(|receipt| receipt.items.clear())
    }
}
