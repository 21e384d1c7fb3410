//! `dfab run` with a language model.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::chat::Chat;
use crate::support::{Place, Ran, SMALL_HARNESS, zip_of};

const OPINION: &str = r#"{"overall_score": 1.5, "quality_score": 0.5, "anti_cheat_score": 0.9, "reasoning": "lively"}"#;
const GUILTY: &str = r#"{"is_plagiarism": true, "confidence": 0.8, "reasoning": "the same loop", "audit": {"copied": ["loop"]}}"#;

/// A harness like [`SMALL_HARNESS`], to which something was added.
fn relative() -> String {
    let added =
        "def unrelated(a, b, c):\n    while a < b:\n        a = a * c + 1\n    return [a, b, c]\n";
    format!(
        "{SMALL_HARNESS}\n{}",
        added.repeat(2).replacen("unrelated", "other", 1)
    )
}

impl Place {
    /// `dfab run a.zip` (and what else is named) with the environment given.
    fn judged(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut all = vec!["run", "--format", "json", "-j", "2"];
        all.extend(arguments);
        let mut command = self.command(&all);
        for (name, value) in variables {
            command.env(format!("DATA_FABRICATION_{name}"), value);
        }
        Ran::of(command.output().expect("dfab starts"))
    }
}

fn one_package() -> Place {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place
}

fn submission(ran: &Ran, index: usize) -> Value {
    ran.json()["submissions"][index].clone()
}

#[test]
fn an_opinion_takes_the_place_of_the_heuristics_scores() {
    let place = one_package();
    let plain = submission(&place.judged(&["a.zip"], &[]), 0);
    assert_eq!(plain["judge"]["llm_used"], false);

    let chat = Chat::saying(format!("Here you are:\n```json\n{OPINION}\n```"));
    let variables = [
        ("LLM_JUDGE_ENABLED", "true"),
        ("LLM_ENDPOINT", chat.url.as_str()),
    ];
    let ran = place.judged(&["a.zip"], &variables);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let judged = submission(&ran, 0);
    let judge = &judged["judge"];
    assert_eq!(judge["llm_used"], true);
    assert_eq!(judge["overall_score"], 1.0, "clamped");
    assert_eq!(judge["quality_score"], 0.5);
    assert_eq!(
        judge["completeness_score"],
        plain["judge"]["completeness_score"]
    );
    assert_eq!(judge["reasoning"], "lively");
    let score = |record: &Value, overall: f64| record["score"].as_f64().unwrap() - 0.15 * overall;
    let before = score(&plain, plain["judge"]["overall_score"].as_f64().unwrap());
    assert!((score(&judged, 1.0) - before).abs() < 1e-12);

    let questions = chat.questions();
    assert_eq!(questions.len(), 1);
    assert!(
        questions[0].contains("# file: harness.py"),
        "{}",
        questions[0]
    );
    assert!(
        questions[0].contains("please fix the bug number 1"),
        "{}",
        questions[0]
    );
    assert!(!questions[0].contains("unknown"), "nobody's hotkey is told");
}

#[test]
fn without_an_answer_the_heuristic_stands_and_that_is_said() {
    let place = one_package();
    let plain = submission(&place.judged(&["a.zip"], &[]), 0);
    let refusing = Chat::saying("I am sorry, I cannot judge people's work.");
    let broken = Chat::new(|_| ("500 Oh", String::new()));
    for (chat, why) in [(refusing, "no JSON object in it"), (broken, "status 500")] {
        let variables = [
            ("LLM_JUDGE_ENABLED", "true"),
            ("LLM_MAX_RETRIES", "0"),
            ("LLM_ENDPOINT", chat.url.as_str()),
        ];
        let ran = place.judged(&["a.zip"], &variables);
        assert_eq!(ran.code, place.judged(&["a.zip"], &[]).code);
        let judged = submission(&ran, 0);
        assert_eq!(judged["score"], plain["score"]);
        assert_eq!(judged["judge"]["llm_used"], false);
        let reasoning = judged["judge"]["reasoning"].as_str().unwrap();
        assert!(reasoning.contains(why), "{reasoning}");
        let events = judged["judge"]["tool_events"].as_array().unwrap();
        assert_eq!(events.last().unwrap()["name"], "llm_judge");
        ran.says("warning: a.zip: the heuristic alone judged this")
            .says(why);
    }
}

#[test]
fn a_required_opinion_that_cannot_be_had_is_this_machines_failure() {
    let place = one_package();
    let chat = Chat::new(|_| ("503 Busy", String::new()));
    let variables = [
        ("LLM_JUDGE_ENABLED", "true"),
        ("LLM_JUDGE_REQUIRED", "true"),
        ("LLM_MAX_RETRIES", "0"),
        ("LLM_ENDPOINT", chat.url.as_str()),
    ];
    let ran = place.judged(&["a.zip"], &variables).exits(3);
    assert_eq!(ran.json()["submissions"], json!([]));
    let failure = &ran.json()["failures"][0];
    assert_eq!(failure["stage"], "judge");
    assert!(
        failure["message"].as_str().unwrap().contains("status 503"),
        "{failure}"
    );

    place
        .judged(&["a.zip"], &[("LLM_JUDGE_REQUIRED", "true")])
        .exits(2)
        .says("needs llm_judge_enabled");
}

#[test]
fn a_result_without_an_answer_is_reported_again_only_where_none_is_required() {
    let place = one_package();
    place.zip("b.zip", &[("harness.py", &relative())]);
    let answers = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let well = std::sync::Arc::clone(&answers);
    let chat = Chat::new(move |question| {
        let answer = match question.contains("You are an auditor") {
            true => GUILTY.replace("true", "false"),
            false => OPINION.to_owned(),
        };
        match well.load(std::sync::atomic::Ordering::Relaxed) {
            true => ("200 OK", answer),
            false => ("500 Oh", String::new()),
        }
    });
    let advice = [
        ("LLM_JUDGE_ENABLED", "true"),
        ("LLM_PLAGIARISM_ENABLED", "true"),
        ("LLM_MAX_RETRIES", "0"),
        ("LLM_ENDPOINT", chat.url.as_str()),
    ];
    let run = |more: &[(&str, &str)]| {
        place.judged(
            &["a.zip", "b.zip", "--exit-zero"],
            &[&advice[..], more].concat(),
        )
    };
    run(&[])
        .exits(0)
        .says("warning: b.zip: its nearest neighbour was not audited");
    let asked = chat.questions().len();
    answers.store(true, std::sync::atomic::Ordering::Relaxed);
    run(&[])
        .exits(0)
        .says("the heuristic alone judged this")
        .says("--force asks again");
    assert_eq!(chat.questions().len(), asked);

    let ran = run(&[("LLM_PLAGIARISM_REQUIRED", "true")]).exits(0);
    assert_eq!(
        ran.json()["summary"]["reused"],
        2,
        "the audit alone is made again"
    );
    assert_eq!(
        submission(&ran, 1)["plagiarism"]["llm"]["is_plagiarism"],
        false
    );
    assert_eq!(chat.questions().len(), asked + 1);

    let ran = run(&[("LLM_JUDGE_REQUIRED", "true")]).exits(0);
    assert_eq!(ran.json()["summary"]["reused"], 0);
    assert_eq!(submission(&ran, 0)["judge"]["llm_used"], true);
    let asked = chat.questions().len();
    let ran = run(&[("LLM_JUDGE_REQUIRED", "true")]).exits(0);
    assert_eq!(ran.json()["summary"]["reused"], 2);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!(chat.questions().len(), asked);
}

#[test]
fn a_convincing_audit_makes_a_copy() {
    let place = one_package();
    place.zip("b.zip", &[("harness.py", &relative())]);
    let advised = |answer: &str, required: &str| {
        let chat = Chat::saying(answer);
        let fresh = Place::new();
        for name in ["a.zip", "b.zip"] {
            fresh.file(name, std::fs::read(place.path(name)).unwrap());
        }
        let variables = [
            ("LLM_PLAGIARISM_ENABLED", "true"),
            ("LLM_PLAGIARISM_REQUIRED", required),
            ("LLM_MAX_RETRIES", "0"),
            ("LLM_ENDPOINT", chat.url.as_str()),
        ];
        let ran = fresh.judged(&["a.zip", "b.zip"], &variables);
        (ran, chat.questions())
    };
    let plain = place.judged(&["a.zip", "b.zip"], &[]);
    let plain = submission(&plain, 1);
    assert_eq!(
        plain["plagiarism"]["status"], "needs_llm_verification",
        "{plain}"
    );

    let (ran, questions) = advised(GUILTY, "false");
    let guilty = submission(&ran, 1);
    assert_eq!(guilty["plagiarism"]["status"], "plagiarized");
    assert_eq!(
        guilty["plagiarism"]["llm"],
        serde_json::from_str::<Value>(GUILTY).unwrap()
    );
    assert_eq!(guilty["plagiarism"]["score"], plain["plagiarism"]["score"]);
    assert_eq!(guilty["error"], "nearest-neighbor code plagiarism detected");
    assert_eq!(ran.json()["summary"]["plagiarized"], 1);
    assert!(guilty["score"].as_f64() < plain["score"].as_f64());
    let [question] = questions.as_slice() else {
        panic!("the first package has no neighbour: {questions:?}");
    };
    let (earlier, later) = question.split_once("The later program").unwrap();
    assert!(
        !earlier.contains("def unrelated") && later.contains("def unrelated"),
        "{question}"
    );

    let (ran, _) = advised(&GUILTY.replace("0.8", "0.7"), "false");
    let unsure = submission(&ran, 1);
    assert_eq!(unsure["plagiarism"]["status"], "needs_llm_verification");
    assert_eq!(unsure["plagiarism"]["llm"]["confidence"], 0.7);
    assert_eq!(unsure["score"], plain["score"]);

    let nonsense = GUILTY.replace("0.8", "80");
    let (ran, _) = advised(&nonsense, "false");
    let failed = submission(&ran, 1);
    let error = failed["plagiarism"]["llm"]["error"].as_str().unwrap();
    assert!(error.contains("confidence"), "{error}");
    assert_eq!(failed["score"], plain["score"]);
    ran.says("warning: b.zip: its nearest neighbour was not audited");

    let (ran, _) = advised(&nonsense, "true");
    let ran = ran.exits(3);
    assert_eq!(ran.json()["submissions"].as_array().unwrap().len(), 1);
    assert_eq!(ran.json()["failures"][0]["package"], "b.zip");
}

#[test]
fn results_come_in_order_however_late_their_opinions_are() {
    let place = Place::new();
    let names: Vec<String> = (0..6).map(|n| format!("p{n}.zip")).collect();
    for (n, name) in names.iter().enumerate() {
        let code = format!("{SMALL_HARNESS}\nNUMBER = {n}\n");
        place.zip(name, &[("harness.py", &code)]);
    }
    let chat = Chat::new(|question| {
        let number = question
            .split("NUMBER = ")
            .nth(1)
            .and_then(|rest| rest.chars().next());
        let number = number.and_then(|digit| digit.to_digit(10)).unwrap_or(0);
        std::thread::sleep(Duration::from_millis(u64::from(60 - 10 * number)));
        let answer = json!({"quality_score": f64::from(number) / 10.0});
        ("200 OK", answer.to_string())
    });
    let variables = [
        ("LLM_JUDGE_ENABLED", "true"),
        ("LLM_ENDPOINT", chat.url.as_str()),
    ];
    let arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let ran = place.judged(&arguments, &variables);
    let document = ran.json();
    let lines = document["submissions"].as_array().unwrap();
    assert_eq!(lines.len(), names.len());
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(line["package"], names[n]);
        assert_eq!(line["judge"]["quality_score"], n as f64 / 10.0);
    }
}

#[test]
fn stopping_does_not_wait_for_a_silent_model() {
    let place = one_package();
    let chat = Chat::silent();
    let mut child = place
        .command(&[
            "run",
            "a.zip",
            "--llm-judge-enabled",
            "true",
            "--llm-endpoint",
            &chat.url,
        ])
        .args(["--llm-timeout-seconds", "3600"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dfab starts");
    let asked = Instant::now();
    while chat.questions().is_empty() {
        assert!(
            asked.elapsed() < Duration::from_secs(120),
            "it was never asked"
        );
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it ended before"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process number"));
    kill(process, Signal::SIGINT).expect("a signal");
    // Ends by itself, or the test waits for ever.
    let ran = Ran::of(child.wait_with_output().expect("dfab ends"));
    ran.exits(130).says("interrupted");
}

/// `dfab serve-lite`, ended when dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(place: &Place, arguments: &[&str]) -> Served {
        let mut child = place
            .command(&["serve-lite", "--listen", "127.0.0.1:0", "--jobs", "1"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dfab starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let url = loop {
            let line = lines.next().expect("it listens").expect("text");
            if let Some((_, url)) = line.split_once("listening on ") {
                break url.trim().to_owned();
            }
        };
        // Somebody has to read on, or the log would fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Served { child, url }
    }

    /// The submission once it has been evaluated.
    fn submit(&self, hotkey: &str, package: &[u8]) -> Value {
        let sent = ureq::post(format!("{}/submit", self.url))
            .header("x-miner-hotkey", hotkey)
            .header("x-submission-filename", "a.zip")
            .send(package);
        let text = sent
            .expect("an answer")
            .into_body()
            .read_to_string()
            .expect("text");
        let accepted: Value = serde_json::from_str(&text).expect("JSON");
        let id = accepted["id"].as_str().expect("an id").to_owned();
        let begun = Instant::now();
        loop {
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "never evaluated"
            );
            let found = ureq::get(format!("{}/submissions/{id}", self.url)).call();
            let text = found
                .expect("an answer")
                .into_body()
                .read_to_string()
                .expect("text");
            let found: Value = serde_json::from_str(&text).expect("JSON");
            match found["status"].as_str() {
                Some("pending" | "running") => std::thread::sleep(Duration::from_millis(20)),
                _ => return found,
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_server_asks_too() {
    let place = Place::new();
    let chat = Chat::new(|question| {
        let answer = match question.contains("You are an auditor") {
            true => GUILTY,
            false => OPINION,
        };
        ("200 OK", answer.to_owned())
    });
    let arguments = [
        "--llm-judge-enabled",
        "true",
        "--llm-plagiarism-enabled",
        "true",
    ];
    let served = Served::start(
        &place,
        &[&arguments[..], &["--llm-endpoint", &chat.url]].concat(),
    );
    let first = served.submit("5A", &zip_of(&[("harness.py", SMALL_HARNESS)]));
    assert_eq!(first["judge"]["llm_used"], true, "{first}");
    assert_eq!(first["judge"]["reasoning"], "lively");
    let second = served.submit("5B", &zip_of(&[("harness.py", &relative())]));
    assert_eq!(second["plagiarism"]["status"], "plagiarized", "{second}");
    assert_eq!(second["plagiarism"]["llm"]["reasoning"], "the same loop");
    assert_eq!(chat.questions().len(), 3);
}
