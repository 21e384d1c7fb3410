//! The node classes of a sequence, without the names that stand beside them.

use super::super::sequence::Sequence;
use super::super::symbol;

/// Each node's position in the sequence and its class, a number below 128, in walk order. A sequence
/// says the class of a definition twice, around its name; here it counts once.
pub(super) fn classes(sequence: &Sequence) -> impl Iterator<Item = (usize, u8)> + '_ {
    let mut follows_name = false;
    let symbols = sequence.symbols().iter().enumerate();
    symbols.filter_map(move |(position, &symbol)| {
        let again = std::mem::replace(&mut follows_name, symbol::is_definition_name(symbol));
        let class = symbol::node_class(symbol)?;
        (!again).then_some((position, class))
    })
}
