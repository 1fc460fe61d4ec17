//! The bindings of one scope: a tree with a level for each key of a sequence.

use super::Call;
use crate::domain::key::KeyPress;
use std::collections::BTreeMap;

/// A place in the tree. A leaf without calls is a key that was unbound: it hides what outer scopes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(Vec<Call>),
    Branch(BTreeMap<KeyPress, Node>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Branch(BTreeMap::new())
    }
}

/// Why a sequence cannot be bound: the sequence that is in the way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InTheWay(pub(super) Vec<KeyPress>);

impl Node {
    /// The place that `keys` lead to: the leaf they meet, also if keys are left over.
    pub(super) fn find(&self, keys: &[KeyPress]) -> Option<(&Self, usize)> {
        let mut node = self;
        for (used, key) in keys.iter().enumerate() {
            match node {
                Self::Branch(next) => node = next.get(key)?,
                Self::Leaf(_) => return Some((node, used)),
            }
        }
        Some((node, keys.len()))
    }

    /// Binds a sequence. What it replaces must be a leaf, and no part of it may be one that runs something.
    pub(super) fn bind(&mut self, keys: &[KeyPress], calls: Vec<Call>) -> Result<(), InTheWay> {
        let mut node = self;
        for (i, key) in keys.iter().enumerate() {
            if matches!(node, Self::Leaf(calls) if calls.is_empty()) {
                *node = Self::default();
            }
            let Self::Branch(next) = node else {
                return Err(InTheWay(keys.get(..i).unwrap_or_default().to_vec()));
            };
            node = next.entry(*key).or_insert(Self::Leaf(Vec::new()));
        }
        match node.first_sequence() {
            Some(rest) if matches!(node, Self::Branch(_)) => Err(InTheWay(keys.iter().copied().chain(rest).collect())),
            _ => {
                *node = Self::Leaf(calls);
                Ok(())
            }
        }
    }

    /// Takes away what a sequence means, and everything that starts with it.
    pub(super) fn unbind(&mut self, keys: &[KeyPress]) {
        let Some((last, before)) = keys.split_last() else { return };
        let mut node = self;
        for key in before {
            if matches!(node, Self::Leaf(calls) if calls.is_empty()) {
                *node = Self::default();
            }
            let Self::Branch(next) = node else { return };
            node = next.entry(*key).or_default();
        }
        if let Self::Branch(next) = node {
            next.insert(*last, Self::Leaf(Vec::new()));
        }
    }

    /// The first sequence below this place that runs something.
    fn first_sequence(&self) -> Option<Vec<KeyPress>> {
        let mut found = None;
        self.each(&mut Vec::new(), &mut |keys, calls| {
            if found.is_none() && !calls.is_empty() {
                found = Some(keys.to_vec());
            }
        });
        found
    }

    /// Visits every leaf with the keys that lead to it, in the order of the keys.
    pub(super) fn each(&self, keys: &mut Vec<KeyPress>, visit: &mut impl FnMut(&[KeyPress], &[Call])) {
        match self {
            Self::Leaf(calls) => visit(keys, calls),
            Self::Branch(next) => {
                for (key, node) in next {
                    keys.push(*key);
                    node.each(keys, visit);
                    keys.pop();
                }
            }
        }
    }
}
