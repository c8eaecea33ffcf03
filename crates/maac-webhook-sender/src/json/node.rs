use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::BodyStyle;

/// A JSON value whose scalars and keys are already as they will be printed.
pub(super) enum Node {
    Scalar(String),
    Array(Vec<Node>),
    Object(Members),
}

/// An object's members in order, each key once.
#[derive(Default)]
pub(super) struct Members {
    members: Vec<(String, Node)>,
    places: HashMap<String, usize>,
}

impl Members {
    /// A key that comes again keeps its place and changes its value, as in a Python dict.
    pub(super) fn insert(&mut self, key: String, value: Node) {
        match self.places.entry(key) {
            Entry::Vacant(vacant) => {
                let key = vacant.key().clone();
                vacant.insert(self.members.len());
                self.members.push((key, value));
            }
            Entry::Occupied(occupied) => {
                if let Some((_, last)) = self.members.get_mut(*occupied.get()) {
                    *last = value;
                }
            }
        }
    }
}

impl Node {
    pub(super) fn write(&self, style: BodyStyle, out: &mut String) {
        match self {
            Self::Scalar(printed) => out.push_str(printed),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(style.comma());
                    }
                    item.write(style, out);
                }
                out.push(']');
            }
            Self::Object(Members { members, .. }) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push_str(style.comma());
                    }
                    out.push_str(key);
                    out.push_str(style.colon());
                    value.write(style, out);
                }
                out.push('}');
            }
        }
    }
}
