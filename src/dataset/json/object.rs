//! Objects as a Python `dict` holds them.

use super::value::Value;
use crate::text::PyStr;
use indexmap::IndexMap;

/// Up to so many members are looked for one after the other. Nearly all objects of a dataset have
/// fewer, and a hash table for each would be a large part of its memory.
const FEW: usize = 8;

/// A JSON object with keys in order of first appearance, as in a Python `dict`.
#[derive(Debug, Clone)]
pub struct Object(Members);

#[derive(Debug, Clone)]
enum Members {
    Few(Vec<(PyStr, Value)>),
    Many(Box<IndexMap<PyStr, Value>>),
}

impl Default for Object {
    fn default() -> Object {
        Object(Members::Few(Vec::new()))
    }
}

impl Object {
    /// Adds a member. A repeated key gets the new value and keeps its place.
    pub(super) fn insert(&mut self, key: PyStr, value: Value) {
        match &mut self.0 {
            Members::Many(members) => {
                members.insert(key, value);
            }
            Members::Few(members) => {
                if let Some((_, old)) = members.iter_mut().find(|(known, _)| *known == key) {
                    *old = value;
                } else if members.len() < FEW {
                    members.push((key, value));
                } else {
                    let mut many: IndexMap<PyStr, Value> = members.drain(..).collect();
                    many.insert(key, value);
                    self.0 = Members::Many(Box::new(many));
                }
            }
        }
    }

    /// Gives room back that members might have taken.
    pub(super) fn shrink_to_fit(&mut self) {
        match &mut self.0 {
            Members::Few(members) => members.shrink_to_fit(),
            Members::Many(members) => members.shrink_to_fit(),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        match &self.0 {
            Members::Few(members) => {
                let found = members.iter().find(|(known, _)| known.as_bytes() == key);
                found.map(|(_, value)| value)
            }
            Members::Many(members) => members.get(key),
        }
    }

    /// Takes a member out; the order of the others may change.
    pub fn swap_remove(&mut self, key: &[u8]) -> Option<Value> {
        match &mut self.0 {
            Members::Few(members) => {
                let at = members
                    .iter()
                    .position(|(known, _)| known.as_bytes() == key)?;
                Some(members.swap_remove(at).1)
            }
            Members::Many(members) => members.swap_remove(key),
        }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Members::Few(members) => members.len(),
            Members::Many(members) => members.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PyStr, &Value)> {
        let (few, many) = match &self.0 {
            Members::Few(members) => (Some(members), None),
            Members::Many(members) => (None, Some(members)),
        };
        let few = few.into_iter().flatten().map(|(key, value)| (key, value));
        few.chain(many.into_iter().flat_map(|members| members.iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::json::Int;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_and_many_members_behave_as_a_dict(
            inserted in prop::collection::vec((0u8..14, any::<i64>()), 0..24),
            removed in prop::collection::vec(0u8..16, 0..6),
        ) {
            let mut object = Object::default();
            let mut model: IndexMap<String, i64> = IndexMap::new();
            for (key, value) in inserted {
                object.insert(format!("k{key}").into(), Value::Int(Int::Small(value)));
                model.insert(format!("k{key}"), value);
            }
            let shown = |value: Option<&Value>| value.map(Value::repr);
            let members: Vec<_> = object.iter().map(|(key, value)| (key.clone(), value.repr())).collect();
            let expected: Vec<_> = model.iter().map(|(key, value)| (PyStr::from(&**key), value.to_string())).collect();
            prop_assert_eq!(members, expected);
            for key in removed {
                let key = format!("k{key}");
                let expected = model.swap_remove(&key).map(|value| value.to_string());
                prop_assert_eq!(shown(object.get(key.as_bytes())), expected.clone());
                prop_assert_eq!(shown(object.swap_remove(key.as_bytes()).as_ref()), expected);
                prop_assert_eq!(object.len(), model.len());
                prop_assert_eq!(object.is_empty(), model.is_empty());
            }
        }
    }
}
