//! Parsed values and what Python makes of them: truth, `str` and `repr`.

use super::object::Object;
use crate::text::{PyStr, float_repr};
use std::fmt::Write;

/// An integer of any size.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Int {
    /// Fits the machine's.
    Small(i64),
    /// Decimal digits with an optional minus sign, for everything that does not.
    Big(Box<str>),
}

/// A JSON value as Python holds it after `json.loads`.
#[derive(Debug, Clone)]
pub enum Value {
    /// `None`
    Null,
    /// `True` or `False`
    Bool(bool),
    /// `int`
    Int(Int),
    /// `float`, with NaN and the infinities
    Float(f64),
    /// `str`
    Str(PyStr),
    /// `list`
    List(Vec<Value>),
    /// `dict`
    Object(Object),
}

impl Value {
    /// Python's `bool(value)`. NaN is true.
    pub fn truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Int(Int::Small(value)) => *value != 0,
            Value::Int(Int::Big(_)) => true,
            Value::Float(value) => *value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
        }
    }

    /// Python's `str(value)`: the text itself, or the `repr` of anything else.
    pub fn to_py_str(&self) -> PyStr {
        match self {
            Value::Str(text) => text.clone(),
            other => other.repr().into(),
        }
    }

    /// Python's `repr(value)`.
    pub fn repr(&self) -> String {
        let mut out = String::new();
        self.push_repr(&mut out);
        out
    }

    /// Recurses as deep as the value is nested, which the reader bounds.
    fn push_repr(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("None"),
            Value::Bool(true) => out.push_str("True"),
            Value::Bool(false) => out.push_str("False"),
            // Writing to a String cannot fail.
            Value::Int(Int::Small(value)) => drop(write!(out, "{value}")),
            Value::Int(Int::Big(digits)) => out.push_str(digits),
            Value::Float(value) => out.push_str(&float_repr(*value)),
            Value::Str(text) => text.push_repr(out),
            Value::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    item.push_repr(out);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    key.push_repr(out);
                    out.push_str(": ");
                    value.push_repr(out);
                }
                out.push('}');
            }
        }
    }
}
