//! The document that tells the platform what each miner earned.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The weights as JSON, keys sorted on both levels: the same weights and epoch, the same bytes.
/// `epoch` is in whole seconds since 1970.
pub fn weights_document(slug: &str, epoch: i64, weights: &BTreeMap<String, f64>) -> Value {
    let mut document = Map::new();
    document.insert("challenge_slug".to_owned(), json!(slug));
    document.insert("epoch".to_owned(), json!(epoch));
    document.insert("weights".to_owned(), json!(weights));
    Value::Object(document)
}
