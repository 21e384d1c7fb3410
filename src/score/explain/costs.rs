//! What each metric cost, and which conversations cost it.

use std::collections::HashMap;

use super::super::Metrics;
use super::super::assess::{Assessment, Originality, Variety};
use super::super::facts::{
    CODING_WORDS_ENOUGH, Facts, Quality, REASONING_WORDS, SHORT_CONTENT, share,
};
use super::{ConversationCost, LISTED, MetricCost};

/// What one conversation lacks, as a share of the whole metric, and why.
type Lack = (f64, String);

pub(super) fn metric_costs(assessment: &Assessment, metrics: &Metrics) -> Vec<MetricCost> {
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
pub(super) fn first_lines(facts: &[Facts]) -> HashMap<[u8; 32], usize> {
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
