//! Which lines of two sources are in common.

use super::super::align::{LineRange, Located, Place, Region};
use super::nodes;
use super::outline::Outline;
use super::share::Containment;
use super::tiles::{Tile, Tiler, seeds};

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
    (containment, regions(&tiles, &left.places, &right.places))
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
            start = (start.0 + part.len() as u32, start.1 + part.len() as u32);
            last_end = start;
        }
    }
    regions
}
