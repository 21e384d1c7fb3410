//! Structure sequences and everything that compares them.
//!
//! A source's [`Sequence`] is the live service's view of its structure: node classes in walk order
//! with names numbered by first appearance. The room turns trees into sequences, scores pairs by
//! their longest common subsequence, finds nearest neighbours and clusters, and shows which lines
//! of two sources line up. It reads no files, knows nothing of packages or submissions, and leaves
//! the verdict on a submission to its callers.
//!
//! Beside the service's rule stands a second view, containment, that sees through more disguises and
//! decides nothing.
//!
//! Every answer is exact. Shortcuts (bounds by length and by symbol counts, affixes trimmed,
//! early ends) only skip work whose result is already known.

mod align;
mod base;
mod bounds;
mod bytes;
mod clusters;
mod comparing;
mod containment;
mod corpus;
mod lcs;
mod located;
mod names;
mod nearest;
mod numbers;
mod package;
mod pairs;
mod report;
mod score;
mod sequence;
mod symbol;

pub use align::{Alignment, DEFAULT_ALIGN_CELLS, LineRange, Located, Place, Region, align};
pub use base::{BASE_RUN, Base};
pub use bounds::Profile;
pub use clusters::clusters;
pub use comparing::Comparing;
pub use containment::{
    CONTAINED_FROM, CommonLines, Containment, ContainmentLines, FileLines, Outline, Outlines,
    contained, contained_lines,
};
pub use corpus::{Comparer, Corpus};
pub use located::LocatedPackage;
pub use nearest::Search;
pub use package::{combined_source, combined_with_lines, is_python, path_order};
pub use pairs::ScoredPair;
pub use report::{
    Comparison, Nearest, NearestContained, NearestStructure, SharedStructure, SimilarityReport,
};
pub use score::{PLAGIARIZED_FROM, REVIEW_FROM, Status, status};
pub use sequence::Sequence;

/// Percent of the service's rule, `min(100, int(lcs / max_len * 100))`: 100 for two empty
/// sequences, 0 if only one is empty.
pub fn pair_score(left: &Sequence, right: &Sequence) -> u32 {
    Corpus::new(&[left, right]).score(0, 1)
}

/// Index and score of the best of `candidates` (first of equals), None if there are none.
///
/// Exact, and so as long as it takes: the product of the lengths, per candidate that cannot be
/// ruled out. For input of any size see [`nearest_within`].
pub fn nearest(query: &Sequence, candidates: &[&Sequence]) -> Option<(usize, u32)> {
    nearest_within(query, candidates, u64::MAX).nearest
}

/// As [`nearest`], visiting at most `max_cells` table cells in all (some 2·10¹¹ take a second of
/// one core). Comparisons that would go beyond are left out, and the answer says so.
pub fn nearest_within(query: &Sequence, candidates: &[&Sequence], max_cells: u64) -> Search {
    Corpus::new(candidates).nearest_to(query, max_cells)
}
