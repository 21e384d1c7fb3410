//! Functions, classes, lambdas: decorators, parameters, arguments.

use super::statements::is_async;
use super::{Lowering, Node, children, field, named, required, unreadable};
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::tree::Kind;

/// A parameter: its name, where it starts, its annotation and default.
struct Parameter<'t> {
    name: Node<'t>,
    annotation: Option<Node<'t>>,
    default: Option<Node<'t>>,
}

#[derive(Default)]
struct Parameters<'t> {
    positional: Vec<Parameter<'t>>,
    vararg: Option<Parameter<'t>>,
    keyword_only: Vec<Parameter<'t>>,
    kwarg: Option<Parameter<'t>>,
}

impl Lowering<'_> {
    pub(super) fn decorated(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let mut decorators = Vec::new();
        for (_, decorator) in parts
            .iter()
            .filter(|(_, child)| child.kind() == "decorator")
        {
            decorators.push(required(named(*decorator).first().copied(), *decorator)?);
        }
        let definition = required(field(&parts, "definition"), node)?;
        match definition.kind() {
            "function_definition" => self.function(definition, &decorators),
            "class_definition" => self.class(definition, &decorators),
            _ => unreadable(definition),
        }
    }

    pub(super) fn function(&mut self, node: Node<'_>, decorators: &[Node<'_>]) -> Lowered {
        let parts = children(node);
        let kind = if is_async(&parts) {
            Kind::AsyncFunctionDef
        } else {
            Kind::FunctionDef
        };
        let name = self.text(required(field(&parts, "name"), node)?);
        let open = self.out.open_named(kind, node.start_byte(), name)?;
        self.parameters(field(&parts, "parameters"))?;
        self.statements(required(field(&parts, "body"), node)?)?;
        for decorator in decorators {
            self.expression(*decorator, Kind::Load)?;
        }
        if let Some(returns) = field(&parts, "return_type") {
            self.annotation(returns)?;
        }
        if let Some(params) = field(&parts, "type_parameters") {
            self.type_params(params)?;
        }
        self.out.close(open);
        Ok(())
    }

    pub(super) fn class(&mut self, node: Node<'_>, decorators: &[Node<'_>]) -> Lowered {
        let parts = children(node);
        let name = self.text(required(field(&parts, "name"), node)?);
        let open = self
            .out
            .open_named(Kind::ClassDef, node.start_byte(), name)?;
        if let Some(arguments) = field(&parts, "superclasses") {
            self.arguments(arguments)?;
        }
        self.statements(required(field(&parts, "body"), node)?)?;
        for decorator in decorators {
            self.expression(*decorator, Kind::Load)?;
        }
        if let Some(params) = field(&parts, "type_parameters") {
            self.type_params(params)?;
        }
        self.out.close(open);
        Ok(())
    }

    /// Positional arguments, then keywords; returns how many are positional.
    pub(super) fn arguments(&mut self, node: Node<'_>) -> Lowered<usize> {
        let parts = named(node);
        let is_keyword =
            |node: &&Node<'_>| matches!(node.kind(), "keyword_argument" | "dictionary_splat");
        let mut positional = 0;
        for argument in parts.iter().filter(|node| !is_keyword(node)) {
            self.expression(*argument, Kind::Load)?;
            positional += 1;
        }
        for argument in parts.iter().filter(is_keyword) {
            self.keyword(*argument)?;
        }
        Ok(positional)
    }

    fn keyword(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let start = node.start_byte();
        let (open, value) = if node.kind() == "dictionary_splat" {
            let value = parts.last().map(|(_, value)| *value);
            (self.out.open(Kind::Keyword, start)?, value)
        } else {
            let name = self.text(required(field(&parts, "name"), node)?);
            let open = self.out.open_named(Kind::Keyword, start, name)?;
            (open, field(&parts, "value"))
        };
        self.expression(required(value, node)?, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    /// `arguments`: all names before all defaults, as the abstract grammar orders them.
    pub(super) fn parameters(&mut self, node: Option<Node<'_>>) -> Lowered {
        let open = self.out.open(Kind::Arguments, NOWHERE)?;
        let parameters = match node {
            Some(node) => sort(node)?,
            None => Parameters::default(),
        };
        for parameter in &parameters.positional {
            self.parameter(parameter)?;
        }
        if let Some(parameter) = &parameters.vararg {
            self.parameter(parameter)?;
        }
        for parameter in &parameters.keyword_only {
            self.parameter(parameter)?;
        }
        self.defaults(&parameters.keyword_only)?;
        if let Some(parameter) = &parameters.kwarg {
            self.parameter(parameter)?;
        }
        self.defaults(&parameters.positional)?;
        self.out.close(open);
        Ok(())
    }

    fn defaults(&mut self, parameters: &[Parameter<'_>]) -> Lowered {
        parameters
            .iter()
            .filter_map(|parameter| parameter.default)
            .try_for_each(|default| self.expression(default, Kind::Load))
    }

    fn parameter(&mut self, parameter: &Parameter<'_>) -> Lowered {
        if parameter.name.kind() != "identifier" {
            return unreadable(parameter.name);
        }
        let name = self.text(parameter.name);
        let open = self
            .out
            .open_named(Kind::Arg, parameter.name.start_byte(), name)?;
        if let Some(annotation) = parameter.annotation {
            self.annotation(annotation)?;
        }
        self.out.close(open);
        Ok(())
    }
}

/// Sorts a parameter list into the lists of `arguments`.
fn sort(node: Node<'_>) -> Lowered<Parameters<'_>> {
    let mut sorted = Parameters::default();
    let mut keyword_only = false;
    for node in named(node) {
        let parts = children(node);
        let name = field(&parts, "name")
            .or_else(|| parts.first().map(|(_, child)| *child))
            .unwrap_or(node);
        let mut parameter = Parameter {
            name: if node.kind() == "identifier" {
                node
            } else {
                name
            },
            annotation: field(&parts, "type"),
            default: field(&parts, "value"),
        };
        let kind = match node.kind() {
            "typed_parameter" => name.kind(),
            kind => kind,
        };
        let splat = if node.kind() == "typed_parameter" {
            name
        } else {
            node
        };
        match kind {
            "positional_separator" => {}
            "keyword_separator" => keyword_only = true,
            "list_splat_pattern" => {
                parameter.name = required(named(splat).first().copied(), splat)?;
                sorted.vararg = Some(parameter);
                keyword_only = true;
            }
            "dictionary_splat_pattern" => {
                parameter.name = required(named(splat).first().copied(), splat)?;
                sorted.kwarg = Some(parameter);
            }
            "identifier" | "default_parameter" | "typed_default_parameter" => {
                if keyword_only {
                    sorted.keyword_only.push(parameter);
                } else {
                    sorted.positional.push(parameter);
                }
            }
            _ => return unreadable(node),
        }
    }
    Ok(sorted)
}
