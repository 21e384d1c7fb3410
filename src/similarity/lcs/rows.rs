//! Numbers for the symbols of a pattern.

/// The number of symbols the pattern does not have.
pub(super) const NO_ROW: u16 = 0;

/// Small numbers for the symbols at hand, from 1.
#[derive(Default)]
pub(super) struct Rows {
    of_symbol: Vec<u16>,
    numbered: Vec<u32>,
}

impl Rows {
    /// For symbols below `symbol_count`, none of them numbered.
    pub fn new(symbol_count: usize) -> Rows {
        Rows {
            of_symbol: vec![NO_ROW; symbol_count],
            numbered: Vec::new(),
        }
    }

    /// Forgets all numbers.
    pub fn clear(&mut self) {
        for symbol in self.numbered.drain(..) {
            self.of_symbol[symbol as usize] = NO_ROW;
        }
    }

    /// Numbers the symbols that have no number yet, as far as numbers go; false if they do not
    /// suffice.
    pub fn number(&mut self, symbols: &[u32]) -> bool {
        for &symbol in symbols {
            let row = &mut self.of_symbol[symbol as usize];
            if *row == NO_ROW {
                let Ok(next) = u16::try_from(self.numbered.len() + 1) else {
                    return false;
                };
                *row = next;
                self.numbered.push(symbol);
            }
        }
        true
    }

    /// How many numbers there are, [`NO_ROW`] included.
    pub fn count(&self) -> usize {
        self.numbered.len() + 1
    }

    /// The number of a symbol.
    pub fn of(&self, symbol: u32) -> u16 {
        self.of_symbol[symbol as usize]
    }

    /// Replaces `kept` by the items whose symbols have a number.
    pub fn keep(&self, items: &[u32], kept: &mut Vec<u32>) {
        kept.clear();
        kept.resize(items.len(), 0);
        let mut count = 0;
        for &symbol in items {
            // Written first and counted afterwards: no branch to guess wrong.
            kept[count] = symbol;
            count += usize::from(self.of(symbol) != NO_ROW);
        }
        kept.truncate(count);
    }

    /// Writes the numbers of the items that have one, and says how many those are. `places` has
    /// one for each item.
    pub fn translate(
        &self,
        items: &[u32],
        places: impl Fn(usize) -> usize,
        into: &mut [u16],
    ) -> usize {
        let mut count = 0;
        for &symbol in items {
            let row = self.of(symbol);
            into[places(count)] = row;
            count += usize::from(row != NO_ROW);
        }
        count
    }
}
