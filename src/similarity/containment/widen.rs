//! Stretches in common as far as they go, for showing them.
//!
//! What a source only repeats says nothing and ends a tile. Beside one it is part of the copy all the same.

use super::outline::NEW;
use super::tiles::Tile;

/// Nodes that a stretch must gain to be shown longer: fewer are equal by chance.
const LEAST_GAIN: usize = 12;

/// Widens tiles, which are in the order of the left, over equal nodes on both sides of them, as long as none runs
/// into another.
pub(super) fn widen(tiles: &mut [Tile], left: &[u8], right: &[u8]) {
    let mut taken = (vec![false; left.len()], vec![false; right.len()]);
    for tile in tiles.iter() {
        take(&mut taken, tile.left, tile.right, tile.len);
    }
    for tile in tiles {
        let (start, end) = (
            (tile.left as usize, tile.right as usize),
            (
                (tile.left + tile.len) as usize,
                (tile.right + tile.len) as usize,
            ),
        );
        let is_equal = |at: (usize, usize)| {
            let nodes = left.get(at.0).zip(right.get(at.1));
            nodes.is_some_and(|(one, other)| one & !NEW == other & !NEW)
                && !taken.0[at.0]
                && !taken.1[at.1]
        };
        let before = (1..=start.0.min(start.1))
            .take_while(|step| is_equal((start.0 - step, start.1 - step)))
            .count();
        let after = (0..)
            .take_while(|step| is_equal((end.0 + step, end.1 + step)))
            .count();
        // Short of that, only where it closes the gap to the end of both.
        let closes = |gain: usize, is_end: bool| gain >= LEAST_GAIN || is_end;
        let is_start = start.0 == before && start.1 == before;
        let is_end = end.0 + after == left.len() && end.1 + after == right.len();
        let before = if closes(before, is_start) {
            before as u32
        } else {
            0
        };
        let after = if closes(after, is_end) {
            after as u32
        } else {
            0
        };
        tile.left -= before;
        tile.right -= before;
        tile.len += before + after;
        take(&mut taken, tile.left, tile.right, tile.len);
    }
}

fn take(taken: &mut (Vec<bool>, Vec<bool>), left: u32, right: u32, len: u32) {
    let span = |start: u32| start as usize..(start + len) as usize;
    taken.0[span(left)].fill(true);
    taken.1[span(right)].fill(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(left: u32, right: u32, len: u32) -> Tile {
        Tile {
            left,
            right,
            len,
            new: 0,
        }
    }

    #[test]
    fn equal_nodes_beside_a_tile_are_shown_with_it() {
        let nodes: Vec<u8> = (0..60).map(|at| at % 5).collect();
        let mut tiles = [tile(20, 20, 18)];
        widen(&mut tiles, &nodes, &nodes);
        assert_eq!(tiles, [tile(0, 0, 60)]);
    }

    #[test]
    fn a_few_equal_nodes_are_chance() {
        let left: Vec<u8> = (0..60).collect();
        let mut right = left.clone();
        for at in (0..12).chain(40..60) {
            right[at] = 90;
        }
        let mut tiles = [tile(20, 20, 18)];
        widen(&mut tiles, &left, &right);
        assert_eq!(tiles, [tile(20, 20, 18)]);
    }

    #[test]
    fn no_tile_runs_into_another() {
        let nodes = [7; 110];
        let mut tiles = [tile(15, 40, 18), tile(50, 75, 18)];
        widen(&mut tiles, &nodes, &nodes);
        // The first goes up to the second, which goes on to the end of the right.
        assert_eq!(tiles, [tile(0, 25, 50), tile(50, 75, 35)]);
    }
}
