//! Groups of sequences that hang together.

use super::pairs::ScoredPair;

/// The connected components of the graph whose edges are the pairs that score at least `threshold`,
/// among `count` sequences. Groups of one are left out; members ascend, groups go by their first
/// member.
pub fn clusters(count: usize, pairs: &[ScoredPair], threshold: u32) -> Vec<Vec<usize>> {
    let mut roots: Vec<usize> = (0..count).collect();
    for pair in pairs.iter().filter(|pair| pair.score >= threshold) {
        let (left, right) = (pair.left as usize, pair.right as usize);
        if left < count && right < count {
            let (left, right) = (root(&mut roots, left), root(&mut roots, right));
            // The smaller root wins, so a group's root is its first member.
            roots[left.max(right)] = left.min(right);
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); count];
    for member in 0..count {
        let group = root(&mut roots, member);
        groups[group].push(member);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn root(roots: &mut [usize], mut member: usize) -> usize {
    while roots[member] != member {
        roots[member] = roots[roots[member]];
        member = roots[member];
    }
    member
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(left: u32, right: u32, score: u32) -> ScoredPair {
        ScoredPair { left, right, score }
    }

    #[test]
    fn chains_join_and_low_scores_do_not() {
        let pairs = [
            pair(0, 4, 97),
            pair(1, 2, 40),
            pair(2, 4, 97),
            pair(3, 5, 98),
        ];
        assert_eq!(clusters(6, &pairs, 97), [vec![0, 2, 4], vec![3, 5]]);
        assert_eq!(clusters(6, &pairs, 40), [vec![0, 1, 2, 4], vec![3, 5]]);
        assert!(clusters(6, &pairs, 99).is_empty());
    }

    #[test]
    fn late_joins_keep_the_first_member_first() {
        let pairs = [
            pair(4, 5, 50),
            pair(2, 3, 50),
            pair(3, 5, 50),
            pair(0, 5, 50),
        ];
        assert_eq!(clusters(6, &pairs, 50), [vec![0, 2, 3, 4, 5]]);
    }
}
