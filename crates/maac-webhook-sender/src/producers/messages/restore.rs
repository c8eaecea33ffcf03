use std::collections::HashSet;

use super::{Messages, OpenApiEvent, PushedMessage};

/// What was written down is taken up again, and what could not be written down is undone.
impl Messages {
    /// Takes up an event as it was, with its opens, in the place of the one of its id. What is new has later ids.
    pub fn restore_event(&mut self, event: OpenApiEvent) {
        self.next_id = self.next_id.max(event.id);
        self.events.insert(event.id, event);
    }

    /// Takes up a message as it was, without who opened it.
    pub fn restore_message(&mut self, message: PushedMessage) {
        self.next_id = self.next_id.max(message.id);
        self.messages.insert(message.id, message);
        while self.messages.len() > self.message_limit.max(1) {
            self.messages.pop_first();
        }
    }

    /// Takes up a broadcast, without who opened it.
    pub fn restore_broadcast(&mut self, id: u64) {
        self.next_id = self.next_id.max(id);
        self.broadcasts.insert(id, HashSet::new());
        while self.broadcasts.len() > self.message_limit {
            self.broadcasts.pop_first();
        }
    }

    /// Takes up that a friend opened a message or a broadcast. It is no event's open once more.
    pub fn restore_open(&mut self, id: u64, line_uid: impl Into<String>) {
        let message = self.messages.get_mut(&id).map(|message| &mut message.opened_by);
        if let Some(opened_by) = message.or_else(|| self.broadcasts.get_mut(&id)) {
            opened_by.insert(line_uid.into());
        }
    }

    /// Forgets an event, a message or a broadcast, as if it had never been.
    pub fn forget(&mut self, id: u64) {
        self.events.remove(&id);
        self.messages.remove(&id);
        self.broadcasts.remove(&id);
    }

    /// Forgets that a friend opened a message or a broadcast, so that the next open is a first one. What an event's
    /// report counts stays.
    pub fn forget_open(&mut self, id: u64, line_uid: &str) {
        let message = self.messages.get_mut(&id).map(|message| &mut message.opened_by);
        if let Some(opened_by) = message.or_else(|| self.broadcasts.get_mut(&id)) {
            opened_by.remove(line_uid);
        }
    }
}
