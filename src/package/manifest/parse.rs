//! Tokens to a graph of nodes: one document, aliases shared, nesting and anchors checked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::error::{ManifestFault, ManifestTrouble};
use super::MAX_DEPTH;
use super::scan::{Kind, Token};

/// Index of a node in its [`Graph`].
pub(super) type NodeId = usize;

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Scalar { text: String, is_plain: bool },
    Sequence(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>),
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// From 1.
    pub line: usize,
    pub shape: Shape,
}

/// The nodes of one document. An alias is an edge to an earlier node, never to one around it.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    /// None if the text holds no document.
    pub root: Option<NodeId>,
}

type Parsed<T> = Result<T, ManifestTrouble>;

/// Reads the one document of a token stream.
pub(super) fn document(tokens: Vec<Token>) -> Parsed<Graph> {
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        nodes: Vec::new(),
        anchors: HashMap::new(),
        line: 1,
        depth: 0,
    };
    if parser.at(&[Kind::StreamEnd]) {
        return Ok(Graph::default());
    }
    let is_explicit = parser.directives()? || parser.at(&[Kind::DocumentStart]);
    if is_explicit {
        parser.expect(&Kind::DocumentStart, "expected '---' after the directives")?;
    }
    let is_empty = is_explicit
        && (parser.at_directive()
            || parser.at(&[Kind::DocumentStart, Kind::DocumentEnd, Kind::StreamEnd]));
    let root = if is_empty {
        parser.empty()
    } else {
        parser.node(Context::Block)?
    };
    while parser.take(&Kind::DocumentEnd) {}
    if !parser.at(&[Kind::StreamEnd]) {
        let is_document = parser.at_directive() || parser.at(&[Kind::DocumentStart]);
        let fault = if is_document {
            ManifestFault::SeveralDocuments
        } else {
            ManifestFault::Syntax("expected the end of the document".to_owned())
        };
        return Err(parser.trouble(fault));
    }
    Ok(Graph {
        nodes: parser.nodes,
        root: Some(root),
    })
}

/// Where a node stands, which decides what forms it may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Block,
    /// A block mapping's key or value, where a sequence need not be indented.
    BlockMapping,
    Flow,
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    nodes: Vec<Node>,
    /// None while the node is still open.
    anchors: HashMap<String, Option<NodeId>>,
    line: usize,
    depth: usize,
}

impl Parser {
    fn at(&mut self, kinds: &[Kind]) -> bool {
        self.tokens
            .peek()
            .is_none_or(|token| kinds.contains(&token.kind))
    }

    fn at_directive(&mut self) -> bool {
        self.tokens.peek().is_some_and(|token| {
            matches!(token.kind, Kind::VersionDirective(_) | Kind::OtherDirective)
        })
    }

    fn next(&mut self) -> Option<Token> {
        // The end stays, so that every error has a line.
        if self
            .tokens
            .peek()
            .is_some_and(|token| token.kind == Kind::StreamEnd)
        {
            return None;
        }
        let token = self.tokens.next();
        if let Some(token) = &token {
            self.line = token.line;
        }
        token
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is_here = self.tokens.peek().is_some_and(|token| token.kind == *kind);
        is_here && self.next().is_some()
    }

    fn expect(&mut self, kind: &Kind, text: &str) -> Parsed<()> {
        if self.take(kind) {
            Ok(())
        } else {
            Err(self.syntax(text))
        }
    }

    fn trouble(&mut self, fault: ManifestFault) -> ManifestTrouble {
        let line = self.tokens.peek().map_or(self.line, |token| token.line);
        ManifestTrouble { line, fault }
    }

    fn syntax(&mut self, text: &str) -> ManifestTrouble {
        self.trouble(ManifestFault::Syntax(text.to_owned()))
    }

    fn add(&mut self, line: usize, shape: Shape) -> NodeId {
        self.nodes.push(Node { line, shape });
        self.nodes.len() - 1
    }

    fn empty(&mut self) -> NodeId {
        self.add(
            self.line,
            Shape::Scalar {
                text: String::new(),
                is_plain: true,
            },
        )
    }

    /// Takes directives; whether there were any.
    fn directives(&mut self) -> Parsed<bool> {
        let mut has_version = false;
        let mut has_any = false;
        while self.at_directive() {
            let Some(token) = self.next() else { break };
            has_any = true;
            if let Kind::VersionDirective(major) = token.kind {
                if has_version || major != 1 {
                    let text = "expected one %YAML directive with version 1.x".to_owned();
                    let fault = ManifestFault::Syntax(text);
                    return Err(ManifestTrouble {
                        line: token.line,
                        fault,
                    });
                }
                has_version = true;
            }
        }
        Ok(has_any)
    }

    fn node(&mut self, context: Context) -> Parsed<NodeId> {
        if let Some(Token {
            kind: Kind::Alias(_),
            ..
        }) = self.tokens.peek()
        {
            return self.alias();
        }
        let line = self.tokens.peek().map_or(self.line, |token| token.line);
        let anchor = self.anchor()?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.trouble(ManifestFault::TooDeep { limit: MAX_DEPTH }));
        }
        let shape = self.shape(context, anchor.is_some())?;
        self.depth -= 1;
        let id = self.add(line, shape);
        if let Some(name) = anchor {
            self.anchors.insert(name, Some(id));
        }
        Ok(id)
    }

    fn alias(&mut self) -> Parsed<NodeId> {
        let Some(Token {
            line,
            kind: Kind::Alias(name),
        }) = self.next()
        else {
            return Err(self.syntax("expected an alias"));
        };
        let fault = match self.anchors.get(&name) {
            Some(Some(id)) => return Ok(*id),
            Some(None) => ManifestFault::RecursiveAlias,
            None => ManifestFault::Syntax(format!("alias *{name} has no anchor before it")),
        };
        Err(ManifestTrouble { line, fault })
    }

    fn anchor(&mut self) -> Parsed<Option<String>> {
        if !matches!(
            self.tokens.peek(),
            Some(Token {
                kind: Kind::Anchor(_),
                ..
            })
        ) {
            return Ok(None);
        }
        let Some(Token {
            line,
            kind: Kind::Anchor(name),
        }) = self.next()
        else {
            return Ok(None);
        };
        match self.anchors.entry(name.clone()) {
            Entry::Occupied(_) => {
                let fault = ManifestFault::Syntax(format!("anchor &{name} is defined twice"));
                Err(ManifestTrouble { line, fault })
            }
            Entry::Vacant(vacant) => {
                vacant.insert(None);
                Ok(Some(name))
            }
        }
    }

    fn shape(&mut self, context: Context, has_anchor: bool) -> Parsed<Shape> {
        let is_block = context != Context::Flow;
        let kind = self.tokens.peek().map(|token| token.kind.clone());
        match kind {
            Some(Kind::BlockEntry) if context == Context::BlockMapping => {
                self.indentless_sequence()
            }
            Some(Kind::Scalar { text, is_plain }) => {
                self.next();
                Ok(Shape::Scalar { text, is_plain })
            }
            Some(Kind::FlowSequenceStart) => self.flow_sequence(),
            Some(Kind::FlowMappingStart) => self.flow_mapping(),
            Some(Kind::BlockSequenceStart) if is_block => self.block_sequence(),
            Some(Kind::BlockMappingStart) if is_block => self.block_mapping(),
            _ if has_anchor => Ok(Shape::Scalar {
                text: String::new(),
                is_plain: true,
            }),
            _ => Err(self.syntax("expected a value")),
        }
    }

    /// A node, or an empty one where one of `ends` follows.
    fn node_unless(&mut self, ends: &[Kind], context: Context) -> Parsed<NodeId> {
        if self.at(ends) {
            Ok(self.empty())
        } else {
            self.node(context)
        }
    }

    fn block_sequence(&mut self) -> Parsed<Shape> {
        self.next();
        let mut items = Vec::new();
        while self.take(&Kind::BlockEntry) {
            let ends = [Kind::BlockEntry, Kind::BlockEnd];
            items.push(self.node_unless(&ends, Context::Block)?);
        }
        self.expect(&Kind::BlockEnd, "expected '-' or the end of the sequence")?;
        Ok(Shape::Sequence(items))
    }

    fn indentless_sequence(&mut self) -> Parsed<Shape> {
        let mut items = Vec::new();
        while self.take(&Kind::BlockEntry) {
            let ends = [Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd];
            items.push(self.node_unless(&ends, Context::Block)?);
        }
        Ok(Shape::Sequence(items))
    }

    fn block_mapping(&mut self) -> Parsed<Shape> {
        self.next();
        let ends = [Kind::Key, Kind::Value, Kind::BlockEnd];
        let mut pairs = Vec::new();
        while self.take(&Kind::Key) {
            let key = self.node_unless(&ends, Context::BlockMapping)?;
            let value = if self.take(&Kind::Value) {
                self.node_unless(&ends, Context::BlockMapping)?
            } else {
                self.empty()
            };
            pairs.push((key, value));
        }
        self.expect(&Kind::BlockEnd, "expected a key or the end of the mapping")?;
        Ok(Shape::Mapping(pairs))
    }

    fn flow_sequence(&mut self) -> Parsed<Shape> {
        self.next();
        let mut items = Vec::new();
        let mut is_first = true;
        while !self.take(&Kind::FlowSequenceEnd) {
            if !is_first {
                self.expect(&Kind::FlowEntry, "expected ',' or ']'")?;
                if self.take(&Kind::FlowSequenceEnd) {
                    break;
                }
            }
            is_first = false;
            let item = if self.at(&[Kind::Key]) {
                // `[a: b]` is a sequence with a mapping of one pair.
                let line = self.tokens.peek().map_or(self.line, |token| token.line);
                let pair = self.flow_pair(&Kind::FlowSequenceEnd)?;
                self.add(line, Shape::Mapping(vec![pair]))
            } else {
                self.node(Context::Flow)?
            };
            items.push(item);
        }
        Ok(Shape::Sequence(items))
    }

    fn flow_mapping(&mut self) -> Parsed<Shape> {
        self.next();
        let mut pairs = Vec::new();
        let mut is_first = true;
        while !self.take(&Kind::FlowMappingEnd) {
            if !is_first {
                self.expect(&Kind::FlowEntry, "expected ',' or '}'")?;
                if self.take(&Kind::FlowMappingEnd) {
                    break;
                }
            }
            is_first = false;
            let pair = if self.at(&[Kind::Key]) {
                self.flow_pair(&Kind::FlowMappingEnd)?
            } else {
                let key = self.node(Context::Flow)?;
                (key, self.empty())
            };
            pairs.push(pair);
        }
        Ok(Shape::Mapping(pairs))
    }

    fn flow_pair(&mut self, end: &Kind) -> Parsed<(NodeId, NodeId)> {
        self.next();
        let ends = [Kind::Value, Kind::FlowEntry, end.clone()];
        let key = self.node_unless(&ends, Context::Flow)?;
        let value = if self.take(&Kind::Value) {
            self.node_unless(&[Kind::FlowEntry, end.clone()], Context::Flow)?
        } else {
            self.empty()
        };
        Ok((key, value))
    }
}
