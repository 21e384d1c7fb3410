//! CPython 3.12's abstract syntax as a flat list of nodes in pre-order.
//!
//! Fields are visited in the abstract grammar's order, so the list *is* the walk similarity compares:
//! a node is followed by everything below it, and `end` says where that stops. Names and constants are leaves:
//! the context below a `Name` is left out, because no reader of the tree looks at it.

/// A node class of CPython 3.12's `ast`, contexts and operators included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)] // the names are CPython's own
pub enum Kind {
    Module,
    FunctionDef,
    AsyncFunctionDef,
    ClassDef,
    Return,
    Delete,
    Assign,
    TypeAlias,
    AugAssign,
    AnnAssign,
    For,
    AsyncFor,
    While,
    If,
    With,
    AsyncWith,
    Match,
    Raise,
    Try,
    TryStar,
    Assert,
    Import,
    ImportFrom,
    Global,
    Nonlocal,
    Expr,
    Pass,
    Break,
    Continue,
    BoolOp,
    NamedExpr,
    BinOp,
    UnaryOp,
    Lambda,
    IfExp,
    Dict,
    Set,
    ListComp,
    SetComp,
    DictComp,
    GeneratorExp,
    Await,
    Yield,
    YieldFrom,
    Compare,
    Call,
    FormattedValue,
    JoinedStr,
    Constant,
    Attribute,
    Subscript,
    Starred,
    Name,
    List,
    Tuple,
    Slice,
    Load,
    Store,
    Del,
    And,
    Or,
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv,
    Invert,
    Not,
    UAdd,
    USub,
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
    Comprehension,
    ExceptHandler,
    Arguments,
    Arg,
    Keyword,
    Alias,
    WithItem,
    MatchCase,
    MatchValue,
    MatchSingleton,
    MatchSequence,
    MatchMapping,
    MatchClass,
    MatchStar,
    MatchAs,
    MatchOr,
    TypeVar,
    ParamSpec,
    TypeVarTuple,
}

impl Kind {
    /// CPython's class name (`arguments`, `withitem`, ... lower case as in `ast`).
    pub fn name(self) -> &'static str {
        match self {
            Kind::Module => "Module",
            Kind::FunctionDef => "FunctionDef",
            Kind::AsyncFunctionDef => "AsyncFunctionDef",
            Kind::ClassDef => "ClassDef",
            Kind::Return => "Return",
            Kind::Delete => "Delete",
            Kind::Assign => "Assign",
            Kind::TypeAlias => "TypeAlias",
            Kind::AugAssign => "AugAssign",
            Kind::AnnAssign => "AnnAssign",
            Kind::For => "For",
            Kind::AsyncFor => "AsyncFor",
            Kind::While => "While",
            Kind::If => "If",
            Kind::With => "With",
            Kind::AsyncWith => "AsyncWith",
            Kind::Match => "Match",
            Kind::Raise => "Raise",
            Kind::Try => "Try",
            Kind::TryStar => "TryStar",
            Kind::Assert => "Assert",
            Kind::Import => "Import",
            Kind::ImportFrom => "ImportFrom",
            Kind::Global => "Global",
            Kind::Nonlocal => "Nonlocal",
            Kind::Expr => "Expr",
            Kind::Pass => "Pass",
            Kind::Break => "Break",
            Kind::Continue => "Continue",
            Kind::BoolOp => "BoolOp",
            Kind::NamedExpr => "NamedExpr",
            Kind::BinOp => "BinOp",
            Kind::UnaryOp => "UnaryOp",
            Kind::Lambda => "Lambda",
            Kind::IfExp => "IfExp",
            Kind::Dict => "Dict",
            Kind::Set => "Set",
            Kind::ListComp => "ListComp",
            Kind::SetComp => "SetComp",
            Kind::DictComp => "DictComp",
            Kind::GeneratorExp => "GeneratorExp",
            Kind::Await => "Await",
            Kind::Yield => "Yield",
            Kind::YieldFrom => "YieldFrom",
            Kind::Compare => "Compare",
            Kind::Call => "Call",
            Kind::FormattedValue => "FormattedValue",
            Kind::JoinedStr => "JoinedStr",
            Kind::Constant => "Constant",
            Kind::Attribute => "Attribute",
            Kind::Subscript => "Subscript",
            Kind::Starred => "Starred",
            Kind::Name => "Name",
            Kind::List => "List",
            Kind::Tuple => "Tuple",
            Kind::Slice => "Slice",
            Kind::Load => "Load",
            Kind::Store => "Store",
            Kind::Del => "Del",
            Kind::And => "And",
            Kind::Or => "Or",
            Kind::Add => "Add",
            Kind::Sub => "Sub",
            Kind::Mult => "Mult",
            Kind::MatMult => "MatMult",
            Kind::Div => "Div",
            Kind::Mod => "Mod",
            Kind::Pow => "Pow",
            Kind::LShift => "LShift",
            Kind::RShift => "RShift",
            Kind::BitOr => "BitOr",
            Kind::BitXor => "BitXor",
            Kind::BitAnd => "BitAnd",
            Kind::FloorDiv => "FloorDiv",
            Kind::Invert => "Invert",
            Kind::Not => "Not",
            Kind::UAdd => "UAdd",
            Kind::USub => "USub",
            Kind::Eq => "Eq",
            Kind::NotEq => "NotEq",
            Kind::Lt => "Lt",
            Kind::LtE => "LtE",
            Kind::Gt => "Gt",
            Kind::GtE => "GtE",
            Kind::Is => "Is",
            Kind::IsNot => "IsNot",
            Kind::In => "In",
            Kind::NotIn => "NotIn",
            Kind::Comprehension => "comprehension",
            Kind::ExceptHandler => "ExceptHandler",
            Kind::Arguments => "arguments",
            Kind::Arg => "arg",
            Kind::Keyword => "keyword",
            Kind::Alias => "alias",
            Kind::WithItem => "withitem",
            Kind::MatchCase => "match_case",
            Kind::MatchValue => "MatchValue",
            Kind::MatchSingleton => "MatchSingleton",
            Kind::MatchSequence => "MatchSequence",
            Kind::MatchMapping => "MatchMapping",
            Kind::MatchClass => "MatchClass",
            Kind::MatchStar => "MatchStar",
            Kind::MatchAs => "MatchAs",
            Kind::MatchOr => "MatchOr",
            Kind::TypeVar => "TypeVar",
            Kind::ParamSpec => "ParamSpec",
            Kind::TypeVarTuple => "TypeVarTuple",
        }
    }
}

/// What a node carries besides its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'t> {
    /// Nothing that any reader of the tree needs.
    None,
    /// NFKC-normalised identifier: Name.id, arg.arg, FunctionDef/AsyncFunctionDef/ClassDef.name, Attribute.attr,
    /// keyword.arg, alias.name (dotted), ImportFrom.module (dotted; None if absent), ...
    Identifier(&'t str),
    /// The value of a text constant (lone surrogates from escapes as U+FFFD: review compares it with plain names only).
    Str(&'t str),
}

/// One node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The node's class.
    pub kind: Kind,
    /// For Constant: it is a text (`str`) constant, so a structure sequence says `Constant(str)`.
    pub is_str: bool,
    /// Index one past the last node below this one.
    pub end: u32,
    /// 1-based line and 0-based UTF-8 byte column of the first character (0, 0 where `ast` has no position).
    pub line: u32,
    /// See `line`.
    pub column: u32,
    /// For Call: number of positional arguments (children 1..=n after `func`), starred ones included.
    /// For ImportFrom: the number of leading dots. 0 elsewhere.
    pub positional: u32,
    /// Its identifier or text value; [`Tree::text_of`] reads it.
    pub text: TextId,
}

/// A place in the texts of one tree: equal texts have equal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextId(u32);

impl TextId {
    /// Of a node without text.
    pub const NONE: TextId = TextId(0);

    /// Of the text at `index` in the tree's table.
    pub(crate) fn of_index(index: usize) -> TextId {
        TextId(index as u32 + 1)
    }

    /// The index in the tree's table.
    pub(crate) fn index(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

/// A parsed source. `nodes[0]` is the Module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Every node, in pre-order.
    pub nodes: Vec<Node>,
    /// Each different identifier and text value once, in order of first appearance.
    pub(crate) texts: Vec<Box<str>>,
    /// Index of an `alias` node and the name after its `as`, in the order of the nodes.
    pub(crate) asnames: Vec<(u32, TextId)>,
}

impl Tree {
    /// What the node at `index` carries.
    pub fn text(&self, index: usize) -> Text<'_> {
        self.nodes
            .get(index)
            .map_or(Text::None, |node| self.text_of(node))
    }

    /// What a node of this tree carries.
    pub fn text_of(&self, node: &Node) -> Text<'_> {
        match self.lookup(node.text) {
            Some(value) if node.is_str => Text::Str(value),
            Some(name) => Text::Identifier(name),
            None => Text::None,
        }
    }

    /// The name after `as` of the `alias` node at `index`, NFKC-normalised.
    pub fn asname(&self, index: usize) -> Option<&str> {
        let found = self
            .asnames
            .binary_search_by_key(&index, |(node, _)| *node as usize);
        found.ok().and_then(|at| self.lookup(self.asnames[at].1))
    }

    pub(crate) fn lookup(&self, text: TextId) -> Option<&str> {
        Some(self.texts.get(text.index()?)?)
    }

    /// Indices of the direct children of `index`, in field order.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.nodes[index].end as usize;
        let mut next = index + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = next;
                next = self.nodes[child].end as usize;
                child
            })
        })
    }
}

/// A tree written by hand, for tests: class, text, line and number of nodes below each node.
#[cfg(test)]
pub(crate) fn by_hand(nodes: &[(Kind, Text<'_>, u32, u32)]) -> Tree {
    let mut texts: Vec<Box<str>> = Vec::new();
    let mut place = |text: &str| {
        let known = texts.iter().position(|known| **known == *text);
        TextId::of_index(known.unwrap_or_else(|| {
            texts.push(text.into());
            texts.len() - 1
        }))
    };
    let nodes = nodes
        .iter()
        .enumerate()
        .map(|(index, (kind, text, line, below))| Node {
            kind: *kind,
            is_str: matches!(text, Text::Str(_)),
            end: index as u32 + 1 + below,
            line: *line,
            column: 0,
            positional: 0,
            text: match text {
                Text::None => TextId::NONE,
                Text::Identifier(text) | Text::Str(text) => place(text),
            },
        })
        .collect();
    Tree {
        nodes,
        texts,
        asnames: Vec::new(),
    }
}
