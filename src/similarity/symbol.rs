//! One item of a structure sequence in 32 bits.
//!
//! Layout, lowest bits first: two bits of *class*, two of *form*, 28 of *payload*. Small numbers
//! mean common items, so the stored form (variable-length integers) stays short.

use super::names;
use crate::python::Kind;

const CLASS_BITS: u32 = 2;
const FORM_BITS: u32 = 2;
const PAYLOAD_SHIFT: u32 = CLASS_BITS + FORM_BITS;

/// Highest payload; a source would need more distinct names than fit in any accepted file to reach
/// it.
pub(super) const MAX_PAYLOAD: u32 = u32::MAX >> PAYLOAD_SHIFT;

/// What the payload counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A node class; the payload is `Kind as u8`, or [`TEXT_CONSTANT`].
    Kind = 0,
    /// `var_K`; the payload is K.
    Variable = 1,
    /// A name of the fixed table; the payload is its number there.
    Fixed = 2,
    /// A name of the sequence's own table; the payload is its index there.
    Own = 3,
}

/// How the name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is: a definition's name. Node classes are bare too.
    Bare = 0,
    /// `Name(X)`.
    Name = 1,
    /// `Arg(X)`.
    Arg = 2,
}

/// Payload of `Constant(str)` among the node classes.
const TEXT_CONSTANT: u32 = 255;

/// Node classes by number. Stored sequences rely on the order: add at the end only.
pub(super) const KINDS: &[Kind] = &[
    Kind::Module,
    Kind::FunctionDef,
    Kind::AsyncFunctionDef,
    Kind::ClassDef,
    Kind::Return,
    Kind::Delete,
    Kind::Assign,
    Kind::TypeAlias,
    Kind::AugAssign,
    Kind::AnnAssign,
    Kind::For,
    Kind::AsyncFor,
    Kind::While,
    Kind::If,
    Kind::With,
    Kind::AsyncWith,
    Kind::Match,
    Kind::Raise,
    Kind::Try,
    Kind::TryStar,
    Kind::Assert,
    Kind::Import,
    Kind::ImportFrom,
    Kind::Global,
    Kind::Nonlocal,
    Kind::Expr,
    Kind::Pass,
    Kind::Break,
    Kind::Continue,
    Kind::BoolOp,
    Kind::NamedExpr,
    Kind::BinOp,
    Kind::UnaryOp,
    Kind::Lambda,
    Kind::IfExp,
    Kind::Dict,
    Kind::Set,
    Kind::ListComp,
    Kind::SetComp,
    Kind::DictComp,
    Kind::GeneratorExp,
    Kind::Await,
    Kind::Yield,
    Kind::YieldFrom,
    Kind::Compare,
    Kind::Call,
    Kind::FormattedValue,
    Kind::JoinedStr,
    Kind::Constant,
    Kind::Attribute,
    Kind::Subscript,
    Kind::Starred,
    Kind::Name,
    Kind::List,
    Kind::Tuple,
    Kind::Slice,
    Kind::Load,
    Kind::Store,
    Kind::Del,
    Kind::And,
    Kind::Or,
    Kind::Add,
    Kind::Sub,
    Kind::Mult,
    Kind::MatMult,
    Kind::Div,
    Kind::Mod,
    Kind::Pow,
    Kind::LShift,
    Kind::RShift,
    Kind::BitOr,
    Kind::BitXor,
    Kind::BitAnd,
    Kind::FloorDiv,
    Kind::Invert,
    Kind::Not,
    Kind::UAdd,
    Kind::USub,
    Kind::Eq,
    Kind::NotEq,
    Kind::Lt,
    Kind::LtE,
    Kind::Gt,
    Kind::GtE,
    Kind::Is,
    Kind::IsNot,
    Kind::In,
    Kind::NotIn,
    Kind::Comprehension,
    Kind::ExceptHandler,
    Kind::Arguments,
    Kind::Arg,
    Kind::Keyword,
    Kind::Alias,
    Kind::WithItem,
    Kind::MatchCase,
    Kind::MatchValue,
    Kind::MatchSingleton,
    Kind::MatchSequence,
    Kind::MatchMapping,
    Kind::MatchClass,
    Kind::MatchStar,
    Kind::MatchAs,
    Kind::MatchOr,
    Kind::TypeVar,
    Kind::ParamSpec,
    Kind::TypeVarTuple,
];

/// The symbol of a node class.
pub(super) fn of_kind(kind: Kind) -> u32 {
    (kind as u32) << PAYLOAD_SHIFT
}

/// The symbol of `Constant(str)`.
pub(super) fn of_text_constant() -> u32 {
    TEXT_CONSTANT << PAYLOAD_SHIFT
}

/// The symbol of a name in its form. Payloads past [`MAX_PAYLOAD`] count as that one.
pub(super) fn of_name(form: Form, class: Class, payload: u32) -> u32 {
    payload.min(MAX_PAYLOAD) << PAYLOAD_SHIFT | (form as u32) << CLASS_BITS | class as u32
}

/// Which class a symbol belongs to, and its payload.
pub(super) fn class_and_payload(symbol: u32) -> (Class, u32) {
    let class = match symbol & 3 {
        0 => Class::Kind,
        1 => Class::Variable,
        2 => Class::Fixed,
        _ => Class::Own,
    };
    (class, symbol >> PAYLOAD_SHIFT)
}

fn form(symbol: u32) -> Option<Form> {
    match symbol >> CLASS_BITS & 3 {
        0 => Some(Form::Bare),
        1 => Some(Form::Name),
        2 => Some(Form::Arg),
        _ => None,
    }
}

/// The same symbol with another payload.
pub(super) fn with_payload(symbol: u32, payload: u32) -> u32 {
    payload.min(MAX_PAYLOAD) << PAYLOAD_SHIFT | symbol & ((1 << PAYLOAD_SHIFT) - 1)
}

/// The number of the node class that an item stands for, whatever its name: below 128. None for names
/// that stand beside the class of their node.
pub(super) fn node_class(symbol: u32) -> Option<u8> {
    match (class_and_payload(symbol), form(symbol)) {
        ((Class::Kind, TEXT_CONSTANT), _) => Some(KINDS.len() as u8),
        ((Class::Kind, class), _) => u8::try_from(class).ok(),
        (_, Some(Form::Name)) => Some(Kind::Name as u8),
        _ => None,
    }
}

/// Whether the item is the name of a definition, which stands between two mentions of its class.
pub(super) fn is_definition_name(symbol: u32) -> bool {
    class_and_payload(symbol).0 != Class::Kind && form(symbol) == Some(Form::Bare)
}

/// Whether the symbol means an item, in a sequence with `own_names` names of its own.
pub(super) fn is_valid(symbol: u32, own_names: usize) -> bool {
    let (class, payload) = class_and_payload(symbol);
    let Some(form) = form(symbol) else {
        return false;
    };
    match class {
        Class::Kind => {
            form == Form::Bare && (payload == TEXT_CONSTANT || (payload as usize) < KINDS.len())
        }
        Class::Variable => true,
        Class::Fixed => names::name(payload).is_some(),
        Class::Own => (payload as usize) < own_names,
    }
}

/// Appends the item as the service writes it. `own` is the sequence's name table; symbols that
/// [`is_valid`] refuses append nothing.
pub(super) fn write_item(symbol: u32, own: &[Box<str>], item: &mut String) {
    use std::fmt::Write;
    let (class, payload) = class_and_payload(symbol);
    let (open, close) = match form(symbol) {
        Some(Form::Name) => ("Name(", ")"),
        Some(Form::Arg) => ("Arg(", ")"),
        _ => ("", ""),
    };
    item.push_str(open);
    match class {
        Class::Kind if payload == TEXT_CONSTANT => item.push_str("Constant(str)"),
        Class::Kind => item.push_str(KINDS.get(payload as usize).map_or("", |kind| kind.name())),
        Class::Variable => {
            // Writing to a String cannot fail.
            let _ = write!(item, "var_{payload}");
        }
        Class::Fixed => item.push_str(names::name(payload).unwrap_or("")),
        Class::Own => item.push_str(own.get(payload as usize).map_or("", |name| name)),
    }
    item.push_str(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_as_declared() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert!(KINDS.len() < TEXT_CONSTANT as usize);
        assert_eq!(Kind::TypeVarTuple as usize + 1, KINDS.len());
        // Stored sequences use these numbers.
        assert_eq!(KINDS.len(), 107);
        assert_eq!(Kind::Name as u8, 52);
        assert_eq!(Kind::Arguments as u8, 90);
    }

    #[test]
    fn symbols_say_what_they_are() {
        for form in [Form::Bare, Form::Name, Form::Arg] {
            for class in [Class::Variable, Class::Fixed, Class::Own] {
                let symbol = of_name(form, class, 3);
                assert_eq!(class_and_payload(symbol), (class, 3));
                assert_eq!(super::form(symbol), Some(form));
                assert_eq!(class_and_payload(with_payload(symbol, 9)), (class, 9));
                assert!(is_valid(symbol, 4));
            }
        }
        assert!(!is_valid(of_name(Form::Name, Class::Own, 4), 4));
        assert!(!is_valid(of_name(Form::Name, Class::Fixed, 9999), 0));
        assert!(!is_valid(200 << PAYLOAD_SHIFT, 0));
        assert!(!is_valid(12, 0), "the fourth form means nothing");
    }

    #[test]
    fn no_listed_name_reads_like_a_node_class() {
        for kind in KINDS {
            assert_eq!(names::number(kind.name()), None, "{kind:?}");
        }
    }

    #[test]
    fn items_are_written_as_the_service_writes_them() {
        let own: Vec<Box<str>> = vec!["__x".into()];
        let write = |symbol| {
            let mut item = String::new();
            write_item(symbol, &own, &mut item);
            item
        };
        assert_eq!(write(of_text_constant()), "Constant(str)");
        assert_eq!(write(of_kind(Kind::Arguments)), "arguments");
        assert_eq!(write(of_name(Form::Bare, Class::Variable, 12)), "var_12");
        let print = names::number("print").unwrap();
        assert_eq!(
            write(of_name(Form::Name, Class::Fixed, print)),
            "Name(print)"
        );
        assert_eq!(write(of_name(Form::Arg, Class::Own, 0)), "Arg(__x)");
    }
}
