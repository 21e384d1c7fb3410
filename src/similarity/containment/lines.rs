//! Which lines of two sources are in common.

use super::super::align::{LineRange, Located, Place, Region};
use super::super::located::LocatedPackage;
use super::super::sequence::Sequence;
use super::nodes;
use super::outline::Outline;
use super::share::Containment;
use super::tiles::{Tile, Tiler, seeds};
use serde::{Deserialize, Serialize};

/// Nodes on either side between two tiles of one region: about one changed statement.
const MAX_GAP: u32 = 16;

/// As [`super::contained`], with the lines in common: stretches in the order of the left, those of which
/// only little stands between joined. Lines of one side may lie in several, since what stands between
/// two matches of one line is part of it.
pub fn contained_lines(left: &Located, right: &Located) -> (Containment, Vec<Region>) {
    let (left, right) = (Side::of(left), Side::of(right));
    let mut seeds = seeds(&left.outline, &right.outline);
    let mut tiles = Tiler::default().tiles(&left.outline, &right.outline, &mut seeds);
    let containment = Containment::of(
        tiles.iter().map(|tile| tile.new).sum(),
        left.outline.findable(),
        right.outline.findable(),
    );
    tiles.sort_unstable_by_key(|tile| tile.left);
    super::widen::widen(&mut tiles, left.outline.marks(), right.outline.marks());
    (containment, regions(&tiles, &left.places, &right.places))
}

/// Lines of a file, first and last included, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLines {
    /// Its path in the package.
    pub file: String,
    /// First.
    pub first_line: u32,
    /// Last.
    pub last_line: u32,
}

/// Lines that two packages have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommonLines {
    /// On the left.
    pub left: FileLines,
    /// On the right; null where its source is not at hand.
    pub right: Option<FileLines>,
    /// Nodes matched within.
    pub matched_nodes: usize,
}

/// Containment with the lines in common, for a person to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainmentLines {
    /// The shares.
    #[serde(flatten)]
    pub containment: Containment,
    /// The lines in common, those with the most nodes, in the order of the left; null where they were not
    /// looked for: too little is in common, or the source of the left is not at hand.
    pub regions: Option<Vec<CommonLines>>,
    /// How many more there are.
    pub regions_omitted: usize,
}

impl ContainmentLines {
    /// More than anybody reads of one pair.
    pub const MAX_REGIONS: usize = 100;

    /// Shares without lines.
    pub fn without(containment: Containment) -> ContainmentLines {
        ContainmentLines {
            containment,
            regions: None,
            regions_omitted: 0,
        }
    }

    /// Shares with the lines of two packages.
    pub fn of(left: &LocatedPackage, right: &LocatedPackage) -> ContainmentLines {
        let (containment, regions) = contained_lines(&left.located, &right.located);
        let files = (&*left.files, Some(&*right.files));
        ContainmentLines::without(containment).with(&regions, files, ContainmentLines::MAX_REGIONS)
    }

    /// Shares with the lines of the left alone, where only the sequence of the right is known.
    pub fn of_left(left: &LocatedPackage, right: &Sequence) -> ContainmentLines {
        let right = Located::by_position(right.clone());
        let (containment, regions) = contained_lines(&left.located, &right);
        let files = (&*left.files, None);
        ContainmentLines::without(containment).with(&regions, files, ContainmentLines::MAX_REGIONS)
    }

    pub(super) fn with(
        self,
        regions: &[Region],
        files: (&[String], Option<&[String]>),
        most: usize,
    ) -> ContainmentLines {
        let kept = largest(regions, most, |region| region.matched_items);
        let named = |range: LineRange, files: &[String]| FileLines {
            file: files.get(range.source).cloned().unwrap_or_default(),
            first_line: range.first_line,
            last_line: range.last_line,
        };
        let kept = kept.into_iter().map(|region| CommonLines {
            left: named(region.left, files.0),
            right: files.1.map(|files| named(region.right, files)),
            matched_nodes: region.matched_items,
        });
        let kept: Vec<CommonLines> = kept.collect();
        ContainmentLines {
            regions_omitted: regions.len() - kept.len(),
            regions: Some(kept),
            ..self
        }
    }

    /// With the largest regions alone, in their order, the others counted.
    pub fn at_most(&self, most: usize) -> ContainmentLines {
        let regions = self.regions.as_deref().unwrap_or_default();
        let kept: Vec<CommonLines> = largest(regions, most, |region| region.matched_nodes)
            .into_iter()
            .cloned()
            .collect();
        ContainmentLines {
            containment: self.containment,
            regions_omitted: self.regions_omitted + regions.len() - kept.len(),
            regions: self.regions.as_ref().map(|_| kept),
        }
    }
}

/// The largest of some regions, the first of equal ones, in their order.
fn largest<T>(regions: &[T], most: usize, size: impl Fn(&T) -> usize) -> Vec<&T> {
    let mut largest: Vec<(usize, &T)> = regions.iter().enumerate().collect();
    largest.sort_by_key(|(_, region)| std::cmp::Reverse(size(region)));
    largest.truncate(most);
    largest.sort_unstable_by_key(|&(index, _)| index);
    largest.into_iter().map(|(_, region)| region).collect()
}

/// An outline with the place of each of its nodes.
struct Side {
    outline: Outline,
    places: Vec<Place>,
}

impl Side {
    fn of(located: &Located) -> Side {
        let place = |(position, _)| located.places()[position];
        Side {
            outline: Outline::of(located.sequence()),
            places: nodes::classes(located.sequence()).map(place).collect(),
        }
    }
}

fn regions(tiles: &[Tile], left: &[Place], right: &[Place]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    // Where the last region's last tile ends, exclusive.
    let mut last_end = (0, 0);
    for tile in tiles {
        let places = (0..tile.len).map(|at| {
            let (left, right) = (
                left[(tile.left + at) as usize],
                right[(tile.right + at) as usize],
            );
            (left, right)
        });
        let places: Vec<(Place, Place)> = places.collect();
        let of_one_file = places
            .chunk_by(|one, next| one.0.source == next.0.source && one.1.source == next.1.source);
        let mut start = (tile.left, tile.right);
        for part in of_one_file {
            let end = (start.0 + part.len() as u32, start.1 + part.len() as u32);
            let before = std::mem::replace(&mut start, end);
            // What a stretch has beyond the end of a file may be no more than how most files begin or end.
            if part.len() < LEAST_PART && part.len() < places.len() {
                continue;
            }
            let beside = |at: (Option<u32>, Option<u32>)| {
                let place = |places: &[Place], at: Option<u32>| places.get(at? as usize).copied();
                [place(left, at.0), place(right, at.1)]
            };
            // The first node is the module, which stands on no line of its own.
            let previous = |at: u32| at.checked_sub(1).filter(|&at| at > 0);
            let earlier = beside((previous(before.0), previous(before.1)));
            let Some((skipped, part)) = telling(part, earlier, beside((Some(end.0), Some(end.1))))
            else {
                continue;
            };
            let start = (before.0 + skipped, before.1 + skipped);
            let region = Region {
                left: LineRange::of(part.iter().map(|place| place.0)),
                right: LineRange::of(part.iter().map(|place| place.1)),
                matched_items: part.len(),
            };
            let near = |at: u32, end: u32| at.checked_sub(end).is_some_and(|gap| gap <= MAX_GAP);
            let is_near = near(start.0, last_end.0) && near(start.1, last_end.1);
            match regions.last_mut() {
                Some(last) if is_near && last.continues_in(&region) => last.extend(&region),
                _ => regions.push(region),
            }
            last_end = (start.0 + part.len() as u32, start.1 + part.len() as u32);
        }
    }
    regions
}

/// Nodes of one file that are shown of a stretch that goes on in another.
const LEAST_PART: usize = 9;

/// Nodes on a pair of lines at the end of a stretch that tell more than chance.
const TELLING: usize = 3;

/// A stretch without the lines at its ends that it only touches, and how many nodes of its beginning are left out; none
/// where it is no more than that. One constant in common with the next statement is no reason to show that. `before`
/// and `after` are the places beside the stretch.
fn telling(
    part: &[(Place, Place)],
    before: [Option<Place>; 2],
    after: [Option<Place>; 2],
) -> Option<(u32, &[(Place, Place)])> {
    // A line that goes on beyond the stretch is not all in common.
    let goes_on = |at: &(Place, Place), beside: [Option<Place>; 2]| {
        beside[0] == Some(at.0) || beside[1] == Some(at.1)
    };
    let same = |one: &(Place, Place), next: &(Place, Place)| one == next;
    let first = part.chunk_by(same).next()?;
    let skipped = match first.len() < TELLING && goes_on(&first[0], before) {
        true => first.len(),
        false => 0,
    };
    let rest = part.get(skipped..)?;
    let last = rest.chunk_by(same).next_back()?;
    let cut = match last.len() < TELLING && goes_on(&last[0], after) {
        true => last.len(),
        false => 0,
    };
    let kept = rest
        .get(..rest.len() - cut)
        .filter(|kept| !kept.is_empty())?;
    Some((skipped as u32, kept))
}
