//! Code handed to everybody, taken out of sequences before they are compared.
//!
//! What is base code is decided by structure: an item is, if it stands in a run of [`BASE_RUN`] items that also stands
//! somewhere in one source of the base, numbered names counting as one and the same. So base code is known again with
//! other names, constants and comments, in another place and in part, and stored sequences need no source for it.
//! The `Module` that every source begins with is nobody's own and goes too. What is left is numbered as if nothing else
//! had been there: a name of the base would otherwise shift the numbers of all that follow.

use super::align::Located;
use super::numbers::Numbers;
use super::sequence::Sequence;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// Items in a row that have to stand in the base: the least run that [`super::align`] shows as copied.
pub const BASE_RUN: usize = 20;

/// Runs of the base.
#[derive(Debug)]
pub struct Base {
    numbers: Numbers,
    /// All sources' items, one source after the other.
    items: Vec<u32>,
    /// Where a run begins, by its hash.
    runs: HashMap<u64, u32, foldhash::fast::RandomState>,
    /// Where runs begin whose hash another run has.
    others: Vec<u32>,
}

impl Base {
    /// The base of these sources; runs do not go from one into the next.
    pub fn new<'s>(sources: impl IntoIterator<Item = &'s Sequence>) -> Base {
        let mut base = Base {
            numbers: Numbers::new(),
            items: Vec::new(),
            runs: HashMap::default(),
            others: Vec::new(),
        };
        for source in sources {
            let start = base.items.len() + own_start(source);
            let items = base.numbers.renumber(&source.with_names_as_one());
            base.items.extend(items);
            for at in start..(base.items.len() + 1).saturating_sub(BASE_RUN) {
                base.add_run(at);
            }
        }
        base
    }

    /// Whether there is no run: nothing in it, or only sources shorter than a run.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What a sequence has of its own.
    pub fn without(&self, sequence: &Sequence) -> Sequence {
        let own = self.own(sequence);
        sequence.keeping(|at| own.get(at).copied().unwrap_or(false))
    }

    /// As [`Base::without`], with the places of what is left.
    pub fn without_located(&self, located: &Located) -> Located {
        let own = self.own(located.sequence());
        located.keeping(|at| own.get(at).copied().unwrap_or(false))
    }

    fn add_run(&mut self, at: usize) {
        let Some(run) = self.items.get(at..at + BASE_RUN) else {
            return;
        };
        let hash = self.runs.hasher().hash_one(run);
        match self.runs.get(&hash) {
            None => {
                self.runs.insert(hash, at as u32);
            }
            Some(&first) if self.run(first) == Some(run) => {}
            Some(_) => self.others.push(at as u32),
        }
    }

    fn run(&self, at: u32) -> Option<&[u32]> {
        self.items.get(at as usize..at as usize + BASE_RUN)
    }

    fn has(&self, run: &[u32]) -> bool {
        let Some(&first) = self.runs.get(&self.runs.hasher().hash_one(run)) else {
            return false;
        };
        let mut starts = std::iter::once(first).chain(self.others.iter().copied());
        starts.any(|at| self.run(at) == Some(run))
    }

    /// For each item whether it is the sequence's own.
    fn own(&self, sequence: &Sequence) -> Vec<bool> {
        let start = own_start(sequence);
        let items = self.numbers.look_up(&sequence.with_names_as_one());
        let mut own = vec![true; items.len()];
        own.iter_mut().take(start).for_each(|own| *own = false);
        let runs = items.get(start..).unwrap_or_default().windows(BASE_RUN);
        let mut done = start;
        for (at, run) in (start..).zip(runs) {
            if self.has(run) {
                let covered = own.get_mut(done.max(at)..at + BASE_RUN);
                covered.unwrap_or_default().fill(false);
                done = at + BASE_RUN;
            }
        }
        own
    }
}

/// Where a sequence's own items begin: after its `Module`.
fn own_start(sequence: &Sequence) -> usize {
    usize::from(sequence.begins_with_module())
}

#[cfg(test)]
mod tests {
    use super::super::corpus::tests::sequence_of;
    use super::super::pair_score;
    use super::*;
    use crate::python;
    use proptest::prelude::*;

    fn parsed(source: &str) -> Sequence {
        Sequence::of_tree(&python::parse(source).expect("Python"))
    }

    /// Code of somebody's own: no twenty items of it stand in [`TEMPLATES`].
    const OWN: [&str; 4] = [
        "class Shelf:\n    kept = {}\n    async def put(self, book, *places):\n        async with self.lock as held:\n            self.kept[book.title] = [place async for place in places if place != held]\n",
        "def ratio(one, other):\n    assert other, 'none'\n    while one > other:\n        one -= other ** 2 // 3\n        yield one, other\n",
        "def merge(*parts):\n    best = lambda part: -part[0] if part else None\n    return {key: best(value) for value, key in sorted(parts, key=best)[::2]}\n",
        "try:\n    import ujson as fast\nexcept ImportError as missing:\n    del missing\n    fast = None\nfinally:\n    print(f'{fast!r:>10}')\n",
    ];

    /// Code handed to everybody.
    const TEMPLATES: [&str; 3] = [
        "def read(path):\n    with open(path) as file:\n        text = file.read()\n    lines = text.split('x')\n    return [line.strip() for line in lines if line]\n",
        "def main(arguments):\n    for argument in arguments:\n        result = read(argument)\n        if result:\n            print('found', len(result), result[0])\n        else:\n            print('nothing in', argument)\n    return 0\n",
        "def total(rows):\n    count = 0\n    for row in rows:\n        if row.value > 10:\n            count = count + row.value * 2\n    return count\n",
    ];

    fn base() -> Base {
        let sources: Vec<Sequence> = TEMPLATES.iter().map(|text| parsed(text)).collect();
        Base::new(&sources)
    }

    /// What is left when nothing but the `Module` goes.
    fn alone(source: &str) -> Sequence {
        Base::new([]).without(&parsed(source))
    }

    #[test]
    fn without_a_base_all_but_the_module_is_left_as_it_was() {
        let source = OWN.concat();
        let (whole, left) = (parsed(&source), alone(&source));
        assert!(Base::new([]).is_empty());
        assert!(whole.items().skip(1).eq(left.items()));
    }

    #[test]
    fn a_template_with_other_names_leaves_nothing() {
        let renamed = "def lies(pfad):\n    with open(pfad) as datei:\n        inhalt = datei.read()\n    zeilen = inhalt.split('y')\n    return [z.strip() for z in zeilen if z]\n";
        assert!(base().without(&parsed(renamed)).is_empty());
        assert!(base().without(&parsed(&TEMPLATES.concat())).is_empty());
    }

    #[test]
    fn names_of_the_base_do_not_shift_the_numbers_of_what_is_left() {
        let with = format!("{}{}", TEMPLATES[0], OWN[1]);
        assert_eq!(base().without(&parsed(&with)), alone(OWN[1]));
    }

    #[test]
    fn two_who_share_only_the_template_are_unlike() {
        let one = parsed(&format!("{}{}{}", TEMPLATES[0], TEMPLATES[1], OWN[0]));
        let other = parsed(&format!("{}{}{}", TEMPLATES[0], TEMPLATES[1], OWN[2]));
        assert!(pair_score(&one, &other) >= 50);
        assert!(pair_score(&base().without(&one), &base().without(&other)) < 40);
    }

    #[test]
    fn places_stay_with_their_items() {
        let source = format!("{}{}", TEMPLATES[2], OWN[1]);
        let located = Located::of_trees(&[&python::parse(&source).expect("Python")]);
        let left = base().without_located(&located);
        assert_eq!(left.sequence(), &alone(OWN[1]));
        let lines = left.places().iter().map(|place| place.line);
        assert_eq!(lines.min(), Some(7));
    }

    /// Item by item, by looking everywhere.
    fn naive(base: &[Vec<u32>], items: &[u32]) -> Vec<bool> {
        let stands = |run: &[u32]| {
            base.iter()
                .any(|source| source.windows(BASE_RUN).any(|other| other == run))
        };
        (0..items.len())
            .map(|at| {
                let first = (at + 1).saturating_sub(BASE_RUN);
                !(first..=at).any(|start| items.get(start..start + BASE_RUN).is_some_and(stands))
            })
            .collect()
    }

    proptest! {
        #[test]
        fn an_item_is_base_code_if_a_run_around_it_stands_in_the_base(
            base in prop::collection::vec(prop::collection::vec(0u32..2, 0..60), 0..4),
            mut items in prop::collection::vec(0u32..3, 0..80),
            taken in any::<prop::sample::Index>(),
        ) {
            // Chance alone would hardly make a run of twenty.
            if let Some(source) = base.first() && source.len() > 25 {
                let from = taken.index(source.len() - 22);
                items.extend(&source[from..from + 22]);
                items.push(0);
            }
            let sources: Vec<Sequence> = base.iter().map(|source| sequence_of(source)).collect();
            prop_assert_eq!(Base::new(&sources).own(&sequence_of(&items)), naive(&base, &items));
        }

        #[test]
        fn code_of_the_base_changes_nothing_wherever_it_stands(
            left in prop::collection::vec((0usize..4, prop::option::of(0usize..3)), 1..5),
            right in prop::collection::vec((0usize..4, prop::option::of(0usize..3)), 1..5),
        ) {
            let text = |parts: &[(usize, Option<usize>)], with_base: bool| -> String {
                let part = |&(own, template): &(usize, Option<usize>)| {
                    let template = template.filter(|_| with_base).map_or("", |at| TEMPLATES[at]);
                    format!("{template}{}", OWN[own])
                };
                parts.iter().map(part).collect()
            };
            let score = |with_base| {
                let [one, other] = [&left, &right].map(|parts| base().without(&parsed(&text(parts, with_base))));
                pair_score(&one, &other)
            };
            prop_assert_eq!(score(true), score(false));
        }
    }
}
