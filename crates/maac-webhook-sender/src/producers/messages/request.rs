use serde::Deserialize;
use serde_json::{Map, Value};

/// A push to one friend, as `POST /direct_message/push/` has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Push {
    /// The message's template.
    pub template_id: u64,
    /// The OpenAPI event it is pushed under.
    #[serde(default)]
    pub event_id: Option<u64>,
    /// The friend and the template's parameters.
    pub data: PushData,
}

/// A friend and what is filled into the template.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PushData {
    /// The friend.
    pub line_uid: String,
    /// The event it is pushed under, in a multicast: the reference's table has it here, its sample beside `data`. It
    /// takes the place of the one there.
    #[serde(default)]
    pub event_id: Option<u64>,
    /// The template's parameters, which make no difference here.
    #[serde(flatten)]
    pub parameters: Map<String, Value>,
}

/// A push to several friends, each with parameters of their own, as `POST /direct_message/multicast/` has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Multicast {
    /// The message's template.
    pub template_id: u64,
    /// The OpenAPI event it is pushed under.
    #[serde(default)]
    pub event_id: Option<u64>,
    /// The friends.
    pub data: Vec<PushData>,
}

/// A push of one content to several friends, as `POST /direct_message/enhanced_multicast/` has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct EnhancedMulticast {
    /// The message's template.
    pub template_id: u64,
    /// The OpenAPI event it is pushed under.
    #[serde(default)]
    pub event_id: Option<u64>,
    /// The friends.
    pub line_uids: Vec<String>,
    /// The template's parameters, which make no difference here.
    #[serde(default)]
    pub data: Map<String, Value>,
}

impl Push {
    /// A push of this template to this friend.
    pub fn new(template_id: u64, event_id: Option<u64>, line_uid: impl Into<String>) -> Self {
        Self { template_id, event_id, data: PushData::new(line_uid) }
    }
}

impl PushData {
    /// A friend, without parameters.
    pub fn new(line_uid: impl Into<String>) -> Self {
        Self { line_uid: line_uid.into(), event_id: None, parameters: Map::new() }
    }
}

impl Multicast {
    /// A push of this template to these friends.
    pub fn new(
        template_id: u64,
        event_id: Option<u64>,
        line_uids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self { template_id, event_id, data: line_uids.into_iter().map(PushData::new).collect() }
    }
}

impl EnhancedMulticast {
    /// A push of this template to these friends.
    pub fn new(
        template_id: u64,
        event_id: Option<u64>,
        line_uids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let line_uids = line_uids.into_iter().map(Into::into).collect();
        Self { template_id, event_id, line_uids, data: Map::new() }
    }
}
