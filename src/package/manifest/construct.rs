//! Nodes to values: aliases and merge keys expanded within bounds, keys compared as Python does.

use std::collections::HashMap;

use serde_json::{Map, Number, Value as Json};

use super::super::error::{ManifestFault, ManifestTrouble};
use super::parse::{Graph, Node, NodeId, Shape};
use super::scalar::{self, Scalar};
use super::{MAX_DEPTH, MAX_EXPANDED_BYTES, MAX_VALUES};

/// A YAML value. Mappings keep the place of a key's first appearance and its last value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// Decimal digits, with a minus sign where negative.
    Int(String),
    Float(f64),
    Text(String),
    /// ISO 8601 text.
    Time(String),
    Sequence(Vec<Value>),
    Mapping(Vec<(Value, Value)>),
}

type Constructed<T> = Result<T, ManifestTrouble>;
type Pair = (NodeId, NodeId);

/// Builds the document's value; an empty text is null.
pub(super) fn construct(graph: &Graph) -> Constructed<Value> {
    let Some(root) = graph.root else {
        return Ok(Value::Null);
    };
    let mut builder = Builder {
        graph,
        values: 0,
        bytes: 0,
    };
    builder.value(root, 1)
}

struct Builder<'a> {
    graph: &'a Graph,
    values: usize,
    bytes: usize,
}

impl<'a> Builder<'a> {
    fn node(&self, id: NodeId) -> Constructed<&'a Node> {
        let missing = || ManifestTrouble {
            line: 1,
            fault: ManifestFault::Syntax("a node is missing".to_owned()),
        };
        self.graph.nodes.get(id).ok_or_else(missing)
    }

    /// Counts one value of `bytes` bytes at `line` against the bounds.
    fn count(&mut self, line: usize, bytes: usize) -> Constructed<()> {
        self.values += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let fault = if self.values > MAX_VALUES {
            ManifestFault::Explosion {
                limit: MAX_VALUES,
                unit: "values",
            }
        } else if self.bytes > MAX_EXPANDED_BYTES {
            ManifestFault::Explosion {
                limit: MAX_EXPANDED_BYTES,
                unit: "bytes",
            }
        } else {
            return Ok(());
        };
        Err(ManifestTrouble { line, fault })
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Constructed<Value> {
        let node = self.node(id)?;
        let line = node.line;
        if depth > MAX_DEPTH {
            return Err(ManifestTrouble {
                line,
                fault: ManifestFault::TooDeep { limit: MAX_DEPTH },
            });
        }
        match &node.shape {
            Shape::Scalar { text, is_plain } => {
                self.count(line, text.len())?;
                self.scalar(line, text, *is_plain)
            }
            Shape::Sequence(items) => {
                self.count(line, 0)?;
                let items = items.iter().map(|item| self.value(*item, depth + 1));
                Ok(Value::Sequence(items.collect::<Constructed<_>>()?))
            }
            Shape::Mapping(_) => {
                self.count(line, 0)?;
                let pairs = self.flatten(id, depth)?;
                self.mapping(&pairs, depth)
            }
        }
    }

    fn scalar(&self, line: usize, text: &str, is_plain: bool) -> Constructed<Value> {
        if !is_plain {
            return Ok(Value::Text(text.to_owned()));
        }
        let syntax = |text: &str| Err(trouble(line, text));
        match scalar::resolve(text) {
            Ok(Scalar::Null) => Ok(Value::Null),
            Ok(Scalar::Bool(value)) => Ok(Value::Bool(value)),
            Ok(Scalar::Int(digits)) => Ok(Value::Int(digits)),
            Ok(Scalar::Float(value)) => Ok(Value::Float(value)),
            Ok(Scalar::Text(text)) => Ok(Value::Text(text)),
            Ok(Scalar::Time(text)) => Ok(Value::Time(text)),
            Ok(Scalar::Merge) => syntax("'<<' is only allowed as a key"),
            Ok(Scalar::Default) => syntax("'=' is only allowed as a key"),
            Err(cause) => syntax(&cause),
        }
    }

    /// The pairs of a mapping with merge keys replaced by what they merge, which comes first.
    fn flatten(&mut self, id: NodeId, depth: usize) -> Constructed<Vec<Pair>> {
        let node = self.node(id)?;
        let Shape::Mapping(pairs) = &node.shape else {
            return Err(trouble(
                node.line,
                "'<<' needs a mapping or a sequence of mappings",
            ));
        };
        if depth > MAX_DEPTH {
            let fault = ManifestFault::TooDeep { limit: MAX_DEPTH };
            return Err(ManifestTrouble {
                line: node.line,
                fault,
            });
        }
        let mut merged = Vec::new();
        let mut own = Vec::new();
        for &(key, value) in pairs {
            if !self.is_merge_key(key)? {
                own.push((key, value));
                continue;
            }
            let source = self.node(value)?;
            let single = [value];
            // Of several mappings the first wins, so it comes last.
            let sources: &[NodeId] = match &source.shape {
                Shape::Sequence(items) => items,
                _ => &single,
            };
            for &source_id in sources.iter().rev() {
                let more = self.flatten(source_id, depth + 1)?;
                // Merging multiplies like aliases do, and counts like them.
                self.values = self.values.saturating_add(more.len());
                self.count(source.line, 0)?;
                merged.extend(more);
            }
        }
        merged.extend(own);
        Ok(merged)
    }

    fn is_merge_key(&self, key: NodeId) -> Constructed<bool> {
        Ok(matches!(&self.node(key)?.shape, Shape::Scalar { text, is_plain: true } if text == "<<"))
    }

    fn mapping(&mut self, pairs: &[Pair], depth: usize) -> Constructed<Value> {
        let mut values: Vec<(Value, Value)> = Vec::with_capacity(pairs.len());
        let mut places: HashMap<String, usize> = HashMap::with_capacity(pairs.len());
        for &(key_id, value_id) in pairs {
            let key = self.key(key_id, depth)?;
            let value = self.value(value_id, depth + 1)?;
            // NaN equals nothing, itself included.
            let place = key.identity().map(|identity| {
                let next = values.len();
                *places.entry(identity).or_insert(next)
            });
            match place.and_then(|place| values.get_mut(place)) {
                Some(pair) => pair.1 = value,
                None => values.push((key, value)),
            }
        }
        Ok(Value::Mapping(values))
    }

    fn key(&mut self, id: NodeId, depth: usize) -> Constructed<Value> {
        let node = self.node(id)?;
        match &node.shape {
            Shape::Scalar {
                text,
                is_plain: true,
            } if text == "=" => {
                self.count(node.line, 1)?;
                Ok(Value::Text(text.clone()))
            }
            Shape::Scalar { .. } => self.value(id, depth + 1),
            _ => Err(trouble(node.line, "a sequence or mapping cannot be a key")),
        }
    }
}

fn trouble(line: usize, text: &str) -> ManifestTrouble {
    ManifestTrouble {
        line,
        fault: ManifestFault::Syntax(text.to_owned()),
    }
}

impl Value {
    /// Python's idea of truth.
    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(digits) => digits != "0",
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Time(_) => true,
            Self::Sequence(items) => !items.is_empty(),
            Self::Mapping(pairs) => !pairs.is_empty(),
        }
    }

    /// What makes two keys one: numbers (and booleans) by value, everything else by kind and text.
    fn identity(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Bool(value) => Some(format!("number {}", u8::from(*value))),
            Self::Int(digits) => Some(format!("number {digits}")),
            Self::Float(value) if value.is_nan() => None,
            // A whole float prints as the digits of the equal integer.
            Self::Float(value) => Some(format!("number {}", value + 0.0)),
            Self::Text(text) => Some(format!("text {text}")),
            Self::Time(text) => Some(format!("time {text}")),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    /// The key's text in JSON, as `json.dumps` writes keys.
    fn key_text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Float(value) => python_float(*value),
            Self::Int(text) | Self::Text(text) | Self::Time(text) => text.clone(),
            // Refused before they become keys.
            Self::Sequence(_) | Self::Mapping(_) => String::new(),
        }
    }

    /// As JSON; integers outside 64 bits become the nearest float.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(digits) => integer(digits),
            Self::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Self::Text(text) | Self::Time(text) => Json::String(text.clone()),
            Self::Sequence(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Mapping(pairs) => {
                let mut object = Map::with_capacity(pairs.len());
                for (key, value) in pairs {
                    object.insert(key.key_text(), value.to_json());
                }
                Json::Object(object)
            }
        }
    }

    /// As JSON text, integers with every digit.
    pub(super) fn to_json_text(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, text: &mut String) {
        match self {
            Self::Int(digits) => text.push_str(digits),
            Self::Sequence(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    item.write_json(text);
                }
                text.push(']');
            }
            Self::Mapping(pairs) => {
                // Different keys can have the same text (1 and "1"): the last value counts.
                let mut object: Map<String, Json> = Map::new();
                let mut last = HashMap::new();
                for (key, value) in pairs {
                    let key = key.key_text();
                    object.insert(key.clone(), Json::Null);
                    last.insert(key, value);
                }
                text.push('{');
                for (index, key) in object.keys().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(&Json::String(key.clone()).to_string());
                    text.push(':');
                    if let Some(value) = last.get(key) {
                        value.write_json(text);
                    }
                }
                text.push('}');
            }
            _ => text.push_str(&self.to_json().to_string()),
        }
    }
}

fn integer(digits: &str) -> Json {
    if let Ok(value) = digits.parse::<i64>() {
        return value.into();
    }
    if let Ok(value) = digits.parse::<u64>() {
        return value.into();
    }
    let float = digits.parse::<f64>().ok().and_then(Number::from_f64);
    // Past the largest float only text can hold it.
    float.map_or_else(|| Json::String(digits.to_owned()), Json::Number)
}

/// A float as Python's `repr`, with JSON's names for what is not finite.
fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "Infinity".to_owned()
        } else {
            "-Infinity".to_owned()
        };
    }
    let shortest = format!("{value:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}
