//! Messages and broadcasts, and who opens them.

use std::slice;

use jiff::Timestamp;
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    payload::MessageFirstOpen,
    producers::{
        EnhancedMulticast, Friend, Messages, Multicast, NoFirstOpen, OpenApiEvent, ProducerError, Push,
        PushedMessage,
    },
};

use super::Sandbox;
use crate::{
    Producers, PublishedEvent, SandboxError,
    store::pushed::{keep_broadcast, keep_message, keep_open, keep_openapi_event},
};

/// An open that is noted, and what to go back to where it cannot be kept.
struct Opened {
    event: Result<MessageFirstOpen, NoFirstOpen>,
    /// The event of the OpenAPI it is counted for, as it was before.
    before: Option<OpenApiEvent>,
}

impl Sandbox {
    /// Makes an event of the OpenAPI.
    ///
    /// # Errors
    ///
    /// What [`Messages::create_event`] refuses, and a file that cannot be written: then nothing is changed.
    pub async fn create_openapi_event(&self, name: impl Into<String>) -> Result<OpenApiEvent, SandboxError> {
        let name = name.into();
        self.change_producers(
            move |producers, now| producers.messages.create_event(&name, now).cloned(),
            |connection, producers, event| keep_openapi_event(connection, &producers.messages, event.id()),
            |producers, event| producers.messages.forget(event.id()),
        )
        .await
    }

    /// Pushes to one friend, or to several as several pushes: to all of them or to none.
    ///
    /// # Errors
    ///
    /// What [`Messages::push`] refuses, and a file that cannot be written: then nothing is pushed.
    pub async fn push(
        &self,
        pushes: impl IntoIterator<Item = Push>,
    ) -> Result<Vec<PushedMessage>, SandboxError> {
        let pushes: Vec<_> = pushes.into_iter().collect();
        self.pushed(
            move |messages, now| {
                let mut pushed = Vec::with_capacity(pushes.len());
                for push in &pushes {
                    match messages.push(push, now) {
                        Ok(message) => pushed.push(message.clone()),
                        Err(refused) => {
                            pushed.iter().for_each(|message| messages.forget(message.id()));
                            return Err(refused);
                        }
                    }
                }
                Ok(pushed)
            },
            Vec::as_slice,
        )
        .await
    }

    /// Pushes to several friends.
    ///
    /// # Errors
    ///
    /// What [`Messages::multicast`] refuses, and a file that cannot be written: then nothing is pushed.
    pub async fn multicast(&self, push: Multicast) -> Result<PushedMessage, SandboxError> {
        self.pushed(move |messages, now| messages.multicast(&push, now).cloned(), slice::from_ref).await
    }

    /// Pushes one content to several friends, whose opens are not tracked.
    ///
    /// # Errors
    ///
    /// What [`Messages::enhanced_multicast`] refuses, and a file that cannot be written: then nothing is pushed.
    pub async fn enhanced_multicast(&self, push: EnhancedMulticast) -> Result<PushedMessage, SandboxError> {
        self.pushed(move |messages, now| messages.enhanced_multicast(&push, now).cloned(), slice::from_ref)
            .await
    }

    /// Sends a broadcast to all friends, and gives back its id.
    ///
    /// # Errors
    ///
    /// A file that cannot be written: then nothing is sent.
    pub async fn broadcast(&self) -> Result<u64, SandboxError> {
        self.change_producers(
            |producers, _| Ok(producers.messages.broadcast()),
            |connection, producers, id| keep_broadcast(connection, &producers.messages, *id),
            |producers, id| producers.messages.forget(id),
        )
        .await
    }

    /// A friend opens a message that was pushed. A first open is an event.
    ///
    /// # Errors
    ///
    /// What [`Messages::open`] and [`publish`](Self::publish) refuse, and a file that cannot be written: then it is not
    /// opened.
    pub async fn open_message(
        &self,
        id: u64,
        friend: Friend,
    ) -> Result<Result<PublishedEvent, NoFirstOpen>, SandboxError> {
        self.opened(id, friend, move |producers, friend, now| {
            let message = producers.messages.message(id)?;
            let to = message.recipients().iter().find(|to| to.reached && to.line_uid == friend.line_uid);
            let event_id = to.and_then(|to| to.event_id);
            let before = event_id.and_then(|id| producers.messages.event(id).ok().cloned());
            Ok(Opened { event: producers.messages.open(id, friend, now)?, before })
        })
        .await
    }

    /// A friend opens a broadcast. A first open is an event.
    ///
    /// # Errors
    ///
    /// What [`Messages::open_broadcast`] and [`publish`](Self::publish) refuse, and a file that cannot be written: then it
    /// is not opened.
    pub async fn open_broadcast(
        &self,
        id: u64,
        friend: Friend,
    ) -> Result<Result<PublishedEvent, NoFirstOpen>, SandboxError> {
        self.opened(id, friend, move |producers, friend, _| {
            Ok(Opened { event: producers.messages.open_broadcast(id, friend)?, before: None })
        })
        .await
    }

    async fn opened(
        &self,
        id: u64,
        friend: Friend,
        open: impl FnOnce(&mut Producers, &Friend, Timestamp) -> Result<Opened, ProducerError> + Send + 'static,
    ) -> Result<Result<PublishedEvent, NoFirstOpen>, SandboxError> {
        let mut room = self.room(&Topic::MessageFirstOpen, 1).await?;
        let (kept, undone) = (friend.line_uid.clone(), friend.line_uid.clone());
        let opened = self.change_producers(
            move |producers, now| open(producers, &friend, now),
            move |connection, producers, opened| {
                if opened.event.is_err() {
                    return Ok(());
                }
                keep_open(connection, id, &kept)?;
                match &opened.before {
                    Some(event) => keep_openapi_event(connection, &producers.messages, event.id()),
                    None => Ok(()),
                }
            },
            move |producers, opened| {
                if opened.event.is_ok() {
                    producers.messages.forget_open(id, &undone);
                    opened.before.into_iter().for_each(|event| producers.messages.restore_event(event));
                }
            },
        );
        match opened.await?.event {
            Ok(event) => Ok(Ok(self.publish_in(&mut room, event.into()).await?)),
            Err(why_not) => Ok(Err(why_not)),
        }
    }

    async fn pushed<T: Send + 'static>(
        &self,
        push: impl FnOnce(&mut Messages, Timestamp) -> Result<T, ProducerError> + Send + 'static,
        pushed: fn(&T) -> &[PushedMessage],
    ) -> Result<T, SandboxError> {
        self.change_producers(
            move |producers, now| push(&mut producers.messages, now),
            move |connection, producers, new| {
                let mut all = pushed(new).iter();
                all.try_for_each(|message| keep_message(connection, &producers.messages, message))
            },
            move |producers, new| {
                pushed(&new).iter().for_each(|message| producers.messages.forget(message.id()));
            },
        )
        .await
    }
}
