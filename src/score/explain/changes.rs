//! What change would gain most.

use super::super::Metrics;
use super::super::assess::{Assessment, Variety};
use super::super::facts::{Facts, Quality, share};
use super::super::sum::clamp;
use super::costs::first_lines;
use super::{Change, cut};

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

pub(super) fn changes(assessment: &Assessment, metrics: &Metrics) -> Vec<Change> {
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
