//! Common, dense numbers for the symbols of several sequences.

use super::sequence::Sequence;
use super::symbol::{self, Class};
use std::collections::HashMap;

/// Symbols below this are looked up in a table; all that occur in sources of usual size are.
const DIRECT: usize = 1 << 16;
const NONE: u32 = u32::MAX;

/// Numbers by symbol; names of a sequence's own are matched as text.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    direct: Vec<u32>,
    others: HashMap<u32, u32>,
    own_names: HashMap<Box<str>, u32>,
    count: u32,
}

impl Numbers {
    pub fn new() -> Numbers {
        Numbers {
            direct: vec![NONE; DIRECT],
            others: HashMap::new(),
            own_names: HashMap::new(),
            count: 0,
        }
    }

    /// The symbols' numbers; new ones for symbols never seen before.
    pub fn renumber(&mut self, sequence: &Sequence) -> Vec<u32> {
        let own: Vec<u32> = sequence
            .own_names()
            .iter()
            .map(|name| {
                let next = self.own_names.len() as u32;
                *self.own_names.entry(name.clone()).or_insert(next)
            })
            .collect();
        let numbered = sequence.symbols().iter().map(|&symbol| {
            let symbol = common(symbol, &own);
            let place = match self.direct.get_mut(symbol as usize) {
                Some(place) => place,
                None => self.others.entry(symbol).or_insert(NONE),
            };
            if *place == NONE {
                *place = self.count;
                self.count += 1;
            }
            *place
        });
        numbered.collect()
    }

    /// The symbols' numbers as they are; [`Numbers::foreign`] for symbols never seen before.
    pub fn look_up(&self, sequence: &Sequence) -> Vec<u32> {
        let own: Vec<u32> = sequence
            .own_names()
            .iter()
            .map(|name| self.own_names.get(name).copied().unwrap_or(NONE))
            .collect();
        let number = |&symbol: &u32| {
            let is_known = match symbol::class_and_payload(symbol) {
                (Class::Own, index) => own[index as usize] != NONE,
                _ => true,
            };
            let symbol = common(symbol, &own);
            let found = match self.direct.get(symbol as usize) {
                Some(number) => *number,
                None => self.others.get(&symbol).copied().unwrap_or(NONE),
            };
            match found {
                NONE => self.foreign(),
                _ if !is_known => self.foreign(),
                number => number,
            }
        };
        sequence.symbols().iter().map(number).collect()
    }

    /// The number of all symbols without one.
    pub fn foreign(&self) -> u32 {
        self.count
    }

    /// How many numbers there are, the foreign one included.
    pub fn count(&self) -> usize {
        self.count as usize + 1
    }
}

/// The same symbol for the same item of any sequence: names of its own by their common numbers.
fn common(symbol: u32, own: &[u32]) -> u32 {
    match symbol::class_and_payload(symbol) {
        (Class::Own, index) => symbol::with_payload(symbol, own[index as usize]),
        _ => symbol,
    }
}
