//! Where a score was lost and what would gain most. It reads the same facts the score is made of
//! and never changes the score.

use super::assess::{Assessment, Originality, Variety};
use super::facts::{CODING_WORDS_ENOUGH, Facts, Quality, REASONING_WORDS, SHORT_CONTENT, share};
use super::pairs::Openings;
use super::sum::clamp;
use super::{Metrics, Score};
use crate::dataset::Dataset;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// At most this many lines or conversations are listed in one place.
const LISTED: usize = 10;

/// At most this many groups of similar openings are listed.
const GROUPS_LISTED: usize = 20;

/// Openings more alike than this are reported together: from here on the mean over all pairs
/// costs half of itself.
const ALIKE: f64 = 0.8;

/// Where a dataset lost points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Why nothing was scored, if nothing was.
    pub error: Option<String>,
    /// Every metric, in the order of the score; empty if nothing was scored.
    pub metrics: Vec<MetricCost>,
    /// Groups of conversations that are equal or open alike, largest first.
    pub similar_openings: Vec<SimilarOpenings>,
    /// How many more groups there are.
    pub more_similar_openings: usize,
    /// What would gain most, best first.
    pub changes: Vec<Change>,
}

/// What one metric cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricCost {
    /// Its name in the result.
    pub name: String,
    /// In [0, 1].
    pub value: f64,
    /// Its weight in the score.
    pub weight: f64,
    /// Points of the score it cost: weight · (1 − value).
    pub points_lost: f64,
    /// One sentence on how it came about.
    pub summary: String,
    /// The conversations that cost most, costliest first, earlier lines first among equals.
    pub conversations: Vec<ConversationCost>,
    /// How many more cost something.
    pub more: usize,
}

/// One conversation's share in what a metric cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationCost {
    /// Line in the dataset, from 1.
    pub line: usize,
    /// Points of the score.
    pub points_lost: f64,
    /// Why.
    pub reason: String,
}

/// Conversations whose first messages use nearly the same words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimilarOpenings {
    /// How many there are.
    pub count: usize,
    /// How many different conversations are among them.
    pub distinct: usize,
    /// The first of their lines.
    pub lines: Vec<usize>,
    /// How many more lines.
    pub more: usize,
}

/// A change and what it is estimated to gain, everything else as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Points of the score.
    pub gain: f64,
    /// The metric it would raise.
    pub metric: String,
    /// What to do.
    pub text: String,
    /// The first lines it concerns; none if it concerns the dataset as a whole.
    pub lines: Vec<usize>,
    /// How many more lines.
    pub more: usize,
}

/// Explains a score of this dataset. Lists are bounded whatever the dataset's size.
pub fn explain(dataset: &Dataset, score: &Score) -> Explanation {
    if let Some(error) = &score.error {
        return unscored(error, score.conversation_count);
    }
    let assessment = Assessment::of(dataset);
    let metrics = assessment.metrics();
    let (similar_openings, more_similar_openings) = similar_openings(dataset, &assessment.facts);
    let mut changes = changes(&assessment, &metrics);
    changes.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    Explanation {
        error: None,
        metrics: metric_costs(&assessment, &metrics),
        similar_openings,
        more_similar_openings,
        changes,
    }
}

fn unscored(error: &str, count: usize) -> Explanation {
    Explanation {
        error: Some(format!(
            "{error}: the dataset has {count} conversations and scores 0"
        )),
        metrics: Vec::new(),
        similar_openings: Vec::new(),
        more_similar_openings: 0,
        changes: Vec::new(),
    }
}

/// What one conversation lacks, as a share of the whole metric, and why.
type Lack = (f64, String);

fn metric_costs(assessment: &Assessment, metrics: &Metrics) -> Vec<MetricCost> {
    let facts = &assessment.facts;
    let first_lines = first_lines(facts);
    metrics
        .weighted()
        .into_iter()
        .map(|(name, weight, value)| {
            let mut costs: Vec<ConversationCost> = facts
                .iter()
                .filter_map(|facts| {
                    let (lack, reason) = lack(name, facts, assessment, &first_lines)?;
                    let points_lost = weight * lack;
                    Some(ConversationCost {
                        line: facts.line,
                        points_lost,
                        reason,
                    })
                })
                .collect();
            costs.sort_by(|a, b| {
                b.points_lost
                    .total_cmp(&a.points_lost)
                    .then(a.line.cmp(&b.line))
            });
            let more = costs.len().saturating_sub(LISTED);
            costs.truncate(LISTED);
            MetricCost {
                name: name.to_owned(),
                value,
                weight,
                points_lost: weight * (1.0 - value),
                summary: summary(name, assessment),
                conversations: costs,
                more,
            }
        })
        .collect()
}

/// The line where each distinct conversation stands first.
fn first_lines(facts: &[Facts]) -> HashMap<[u8; 32], usize> {
    let mut lines = HashMap::new();
    for facts in facts {
        lines.entry(facts.identity).or_insert(facts.line);
    }
    lines
}

fn lack(
    metric: &str,
    facts: &Facts,
    assessment: &Assessment,
    first_lines: &HashMap<[u8; 32], usize>,
) -> Option<Lack> {
    let count = assessment.facts.len() as f64;
    let (missing, reasons): (f64, Vec<String>) = match metric {
        "format_score" => {
            let silent = facts.silent_messages;
            (
                f64::from(u8::from(silent > 0)),
                vec![format!(
                    "{silent} messages have neither content nor a function call"
                )],
            )
        }
        "quality_score" => (1.0 - facts.quality.value(), quality_reasons(facts)),
        "originality_score" => originality_lack(facts, first_lines),
        "agentic_score" => (
            1.0 - facts.agentic(),
            missing([
                (facts.has_tools, "no tools declared"),
                (facts.has_calls, "no tool or function calls"),
                (facts.has_tool_results, "no tool or function messages"),
            ]),
        ),
        "reasoning_score" => {
            let all: usize = assessment
                .facts
                .iter()
                .map(|facts| facts.assistant_messages)
                .sum();
            let lacking = facts.assistant_messages - facts.reasoned_messages;
            let reason = format!(
                "{lacking} of {} assistant messages have fewer than {REASONING_WORDS} words of reasoning",
                facts.assistant_messages
            );
            (share(lacking, all) * count, vec![reason])
        }
        "function_call_score" => {
            let reason = match facts.calls {
                0 => "no calls".to_owned(),
                calls => format!(
                    "{} of {calls} calls have no arguments and name neither a declared nor a known tool",
                    calls - facts.accepted_calls
                ),
            };
            (1.0 - facts.function_call(), vec![reason])
        }
        "coding_relevance_score" => (
            1.0 - facts.coding_relevance(),
            vec![format!(
                "{} of {CODING_WORDS_ENOUGH} coding words",
                facts.coding_words
            )],
        ),
        "verifiability_score" => (
            1.0 - facts.verifiability(),
            missing([
                (facts.has_answer, "no final patch or answer"),
                (facts.has_tests, "no list of final tests"),
                (facts.has_tool_results, "no tool or function messages"),
            ]),
        ),
        // Diversity is of the dataset as a whole.
        _ => return None,
    };
    (missing > 0.0).then(|| (missing / count, reasons.join("; ")))
}

fn missing(parts: [(bool, &str); 3]) -> Vec<String> {
    parts
        .into_iter()
        .filter(|(has, _)| !has)
        .map(|(_, reason)| reason.to_owned())
        .collect()
}

fn quality_reasons(facts: &Facts) -> Vec<String> {
    let quality = &facts.quality;
    let mut reasons = Vec::new();
    if quality.turns < Quality::TURNS {
        reasons.push(format!("{} messages, not 4 to 20", facts.messages));
    }
    if quality.length < Quality::LENGTH {
        let mean = quality.mean_length;
        reasons.push(format!(
            "contents average {mean:.0} characters, not 50 to 500"
        ));
    }
    if quality.repeats.all < 2 {
        reasons.push("fewer than 2 messages have content".to_owned());
    } else if quality.diversity < 1.0 {
        let repeated = quality.repeats.all - quality.repeats.kept;
        reasons.push(format!(
            "{repeated} of {} contents repeat others",
            quality.repeats.all
        ));
    }
    reasons
}

fn originality_lack(facts: &Facts, first_lines: &HashMap<[u8; 32], usize>) -> (f64, Vec<String>) {
    let (mut lack, mut reasons) = (0.0, Vec::new());
    let first = first_lines
        .get(&facts.identity)
        .copied()
        .unwrap_or(facts.line);
    if first != facts.line {
        lack += 1.0;
        reasons.push(format!("same as line {first}"));
    }
    if facts.mostly_short {
        lack += 0.1;
        reasons.push(format!(
            "most assistant contents are under {SHORT_CONTENT} characters"
        ));
    }
    if facts.mostly_filler {
        lack += 0.1;
        reasons.push("over a third of the assistant contents have a filler phrase".to_owned());
    }
    (lack, reasons)
}

fn summary(metric: &str, assessment: &Assessment) -> String {
    let facts = &assessment.facts;
    let all = facts.len();
    let count = |test: fn(&Facts) -> bool| facts.iter().filter(|facts| test(facts)).count();
    let sum = |value: fn(&Facts) -> usize| facts.iter().map(value).sum::<usize>();
    match metric {
        "format_score" => format!(
            "{} of {all} conversations have content or a function call in every message",
            count(|facts| facts.silent_messages == 0)
        ),
        "quality_score" => format!(
            "of {all} conversations {} have 4 to 20 messages, {} average 50 to 500 characters, {} repeat no content",
            count(|facts| facts.quality.turns >= Quality::TURNS),
            count(|facts| facts.quality.length >= Quality::LENGTH),
            count(|facts| facts.quality.diversity >= 1.0)
        ),
        "originality_score" => {
            let Originality {
                unique,
                mean_similarity,
                penalty,
                substance,
                ..
            } = assessment.originality;
            format!(
                "{unique} of {all} conversations are distinct; openings are {mean_similarity:.3} alike on average (penalty {penalty:.3}); short and filler answers leave {substance:.3}"
            )
        }
        "agentic_score" => format!(
            "of {all} conversations {} declare tools, {} make calls, {} have tool messages",
            count(|facts| facts.has_tools),
            count(|facts| facts.has_calls),
            count(|facts| facts.has_tool_results)
        ),
        "reasoning_score" => format!(
            "{} of {} assistant messages have at least {REASONING_WORDS} words of reasoning",
            sum(|facts| facts.reasoned_messages),
            sum(|facts| facts.assistant_messages)
        ),
        "function_call_score" => format!(
            "{} of {} calls count; {} of {all} conversations make none",
            sum(|facts| facts.accepted_calls),
            sum(|facts| facts.calls),
            count(|facts| facts.calls == 0)
        ),
        "coding_relevance_score" => format!(
            "{} of {all} conversations use at least {CODING_WORDS_ENOUGH} coding words",
            count(|facts| facts.coding_words >= CODING_WORDS_ENOUGH)
        ),
        "verifiability_score" => format!(
            "of {all} conversations {} end in a patch or answer, {} list tests, {} have tool messages",
            count(|facts| facts.has_answer),
            count(|facts| facts.has_tests),
            count(|facts| facts.has_tool_results)
        ),
        _ => {
            let Variety {
                task_types,
                difficulties,
                tools,
            } = assessment.variety;
            format!(
                "{task_types} task types (4 are enough), {difficulties} difficulties (3), {tools} tools called (3)"
            )
        }
    }
}

/// Groups of at least two conversations that are linked by openings more alike than [`ALIKE`].
fn similar_openings(dataset: &Dataset, facts: &[Facts]) -> (Vec<SimilarOpenings>, usize) {
    let openings = Openings::new(dataset.conversations());
    let count = openings.groups().len();
    // Links found by each task are joined at once, so that they never take more than their
    // groups' number.
    let roots = openings.visit(
        || Links::new(count),
        Links::merge,
        |links, pair| {
            if pair.similarity > ALIKE {
                links.join(pair.left, pair.right);
            }
        },
    );
    let mut joined: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let groups = openings.groups().iter().enumerate();
    // Openings without words are alike in nothing.
    for (group, item) in groups.filter(|(_, item)| item.words > 0) {
        joined
            .entry(roots.root(group))
            .or_default()
            .extend(&item.members);
    }
    let mut found: Vec<SimilarOpenings> = joined
        .into_values()
        .filter(|members| members.len() > 1)
        .map(|members| {
            let members: Vec<&Facts> = members.iter().filter_map(|&at| facts.get(at)).collect();
            let distinct: std::collections::HashSet<_> =
                members.iter().map(|f| f.identity).collect();
            let mut lines: Vec<usize> = members.iter().map(|facts| facts.line).collect();
            lines.sort_unstable();
            let (count, distinct) = (lines.len(), distinct.len());
            let more = cut(&mut lines);
            SimilarOpenings {
                count,
                distinct,
                lines,
                more,
            }
        })
        .collect();
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.lines.cmp(&b.lines)));
    let more = found.len().saturating_sub(GROUPS_LISTED);
    found.truncate(GROUPS_LISTED);
    (found, more)
}

/// Which groups hang together: each points to an earlier one, or to itself.
struct Links(Vec<usize>);

impl Links {
    fn new(count: usize) -> Links {
        Links((0..count).collect())
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(&up) = self.0.get(at).filter(|&&up| up != at) {
            at = up;
        }
        at
    }

    fn join(&mut self, left: usize, right: usize) {
        let (a, b) = (self.root(left), self.root(right));
        let low = a.min(b);
        for start in [left, right] {
            self.point_path(start, low);
        }
    }

    /// Points everything on the way to the root at `root`, so that ways stay short.
    fn point_path(&mut self, mut at: usize, root: usize) {
        while let Some(up) = self.0.get_mut(at) {
            let next = std::mem::replace(up, root);
            if next == at {
                return;
            }
            at = next;
        }
    }

    fn merge(mut self, other: Links) -> Links {
        for at in 0..other.0.len() {
            let root = other.root(at);
            if root != at {
                self.join(root, at);
            }
        }
        self
    }
}

/// Cuts a list to what is shown and says how many more there were.
fn cut(lines: &mut Vec<usize>) -> usize {
    let more = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    more
}

/// Collects changes of one metric that gain anything.
struct Changes<'a> {
    facts: &'a [Facts],
    found: Vec<Change>,
}

impl Changes<'_> {
    fn add(&mut self, metric: &str, gain: f64, text: &str, concerns: impl Fn(&Facts) -> bool) {
        if gain <= 1e-12 {
            return;
        }
        let mut lines: Vec<usize> = self
            .facts
            .iter()
            .filter(|facts| concerns(facts))
            .map(|facts| facts.line)
            .collect();
        let more = cut(&mut lines);
        let (metric, text) = (metric.to_owned(), text.to_owned());
        self.found.push(Change {
            gain,
            metric,
            text,
            lines,
            more,
        });
    }

    /// A change that raises each conversation by what `gain` says.
    fn each(&mut self, metric: &str, weight: f64, text: &str, gain: impl Fn(&Facts) -> f64) {
        let total: f64 = self.facts.iter().map(&gain).sum();
        let gained = weight * total / self.facts.len() as f64;
        self.add(metric, gained, text, |facts| gain(facts) > 0.0);
    }
}

fn changes(assessment: &Assessment, metrics: &Metrics) -> Vec<Change> {
    let mut changes = Changes {
        facts: &assessment.facts,
        found: Vec::new(),
    };
    for (name, weight, value) in metrics.weighted() {
        metric_changes(&mut changes, assessment, name, weight, value);
    }
    changes.found
}

fn metric_changes(
    changes: &mut Changes<'_>,
    all: &Assessment,
    name: &str,
    weight: f64,
    value: f64,
) {
    let third = |has: bool| if has { 0.0 } else { 1.0 / 3.0 };
    let mut each =
        |text: &str, gain: &dyn Fn(&Facts) -> f64| changes.each(name, weight, text, gain);
    match name {
        "format_score" => {
            each("give every message content or a function call", &|facts| {
                f64::from(u8::from(facts.silent_messages > 0))
            });
        }
        "quality_score" => {
            let better = |facts: &Facts, change: &dyn Fn(&mut Quality)| {
                let mut quality = facts.quality.clone();
                change(&mut quality);
                quality.value() - facts.quality.value()
            };
            each("keep conversations between 4 and 20 messages", &|facts| {
                better(facts, &|quality| quality.turns = Quality::TURNS)
            });
            each(
                "bring contents to 50 to 500 characters on average",
                &|facts| better(facts, &|quality| quality.length = Quality::LENGTH),
            );
            each(
                "stop contents from repeating one another within a conversation",
                &|facts| better(facts, &|quality| quality.diversity = 1.0),
            );
        }
        "originality_score" => originality_changes(changes, all, weight),
        "agentic_score" => {
            each("declare the tools a conversation uses", &|facts| {
                third(facts.has_tools)
            });
            each("let the assistant call tools", &|facts| {
                third(facts.has_calls)
            });
            each("add the tools' answers as tool messages", &|facts| {
                third(facts.has_tool_results)
            });
        }
        "reasoning_score" => changes.add(
            name,
            weight * (1.0 - value),
            "give every assistant message reasoning of at least 8 words",
            |facts| facts.reasoned_messages < facts.assistant_messages,
        ),
        "function_call_score" => {
            each("make calls where there are none", &|facts| {
                f64::from(u8::from(facts.calls == 0))
            });
            each(
                "call declared tools, or pass arguments",
                &|facts| match facts.calls {
                    0 => 0.0,
                    _ => 1.0 - facts.function_call(),
                },
            );
        }
        "coding_relevance_score" => {
            each("make tasks and contents plainly about code", &|facts| {
                1.0 - facts.coding_relevance()
            });
        }
        "verifiability_score" => {
            each("end with a patch or an answer in final", &|facts| {
                third(facts.has_answer)
            });
            each("list tests in final.tests", &|facts| third(facts.has_tests));
            each("add tool messages to check the work by", &|facts| {
                third(facts.has_tool_results)
            });
        }
        _ => variety_changes(changes, all.variety, name, weight),
    }
}

fn originality_changes(changes: &mut Changes<'_>, all: &Assessment, weight: f64) {
    let now = &all.originality;
    let count = all.facts.len();
    let distinct = share(now.unique, count);
    let gain = |distinct: f64, penalty: f64, substance: f64| {
        weight * (clamp(clamp(distinct * (1.0 - penalty)) * substance) - now.value)
    };
    let first_lines = first_lines(&all.facts);
    let name = "originality_score";
    changes.add(
        name,
        gain(1.0, now.penalty, now.substance),
        "replace repeated conversations by new ones",
        |facts| {
            first_lines
                .get(&facts.identity)
                .is_some_and(|&first| first != facts.line)
        },
    );
    changes.add(
        name,
        gain(distinct, 0.0, now.substance),
        "vary the wording of first messages until they are at most 0.5 alike on average",
        |_| false,
    );
    changes.add(
        name,
        gain(distinct, now.penalty, 1.0),
        "make assistant contents at least 20 characters long and free of filler phrases",
        |facts| facts.mostly_short || facts.mostly_filler,
    );
}

fn variety_changes(changes: &mut Changes<'_>, now: Variety, name: &str, weight: f64) {
    let mut add = |better: Variety, text: &str| {
        changes.add(name, weight * (better.value() - now.value()), text, |_| {
            false
        });
    };
    add(
        Variety {
            task_types: 4.max(now.task_types),
            ..now
        },
        "use at least 4 task types",
    );
    add(
        Variety {
            difficulties: 3.max(now.difficulties),
            ..now
        },
        "use at least 3 difficulties",
    );
    add(
        Variety {
            tools: 3.max(now.tools),
            ..now
        },
        "call at least 3 different tools",
    );
}
