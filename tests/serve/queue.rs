//! What waits survives, is evaluated in its order, and is bounded.

use std::process::Stdio;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Place, Ran, Server, command, zip_of};

fn journal(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(place.path("journal.jsonl")).unwrap_or_default();
    let entry = |line| serde_json::from_str::<Value>(line).expect("a line");
    text.lines()
        .map(|line| entry(line)["sha256"].as_str().expect("a hash").to_owned())
        .collect()
}

fn hash(source: &str) -> String {
    Sha256::digest(source)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn what_waits_survives_a_power_cut_and_keeps_its_order() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let endless = server.submit_harness("5Fa", "# case: endless\n");
    server.wait_for(&endless, "running");
    let sources = [
        "a = 1\n",
        "def f(x):\n    return x\n",
        "import os\nprint([1, 2])\n",
    ];
    let ids: Vec<String> = sources
        .iter()
        .map(|source| server.submit_harness("5Fa", source))
        .collect();
    assert_eq!(
        server.json(&format!("/submissions/{}", ids[2]))["status"],
        "pending"
    );
    server.kill();

    // The one that was running would never end: this time it has a time limit of another script's.
    let script = json!({"journal": "journal.jsonl", "outcomes": [
        {"when": {"marker": "# case: endless"}, "class": "timeout_wall"}, {"stdout": "[]\n"}]});
    let mut again = command(&place, &["-j", "1"]);
    place.file("script.json", script.to_string());
    again.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
    let server = Server::of(again);
    for id in ids.iter().chain([&endless]) {
        server.wait_for(id, "failed");
    }
    let expected: Vec<String> = ["# case: endless\n"]
        .iter()
        .chain(&sources)
        .map(|source| hash(source))
        .collect();
    assert_eq!(journal(&place), expected);
    assert!(
        server.log().contains("1 submissions were being evaluated"),
        "{}",
        server.log()
    );
}

#[test]
fn a_polite_end_puts_back_what_was_being_evaluated() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "2"]);
    let id = server.submit_harness("5Fa", "# case: endless\n");
    server.wait_for(&id, "running");
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains(&format!("put {id} back")), "{log}");
    let server = Server::start(&place, &["-j", "1"]);
    server.wait_for(&id, "running");
}

#[test]
fn a_full_queue_takes_nothing_and_says_when_to_come_again() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1", "--queue", "2"]);
    let running = server.submit_harness("5Fa", "# case: endless\n");
    server.wait_for(&running, "running");
    let waiting = zip_of(&[("harness.py", "a = 1\n")]);
    server.submit("5Fa", &waiting).with_status(200);
    let answer = server.submit("5Fb", &zip_of(&[("harness.py", "b = 1\n")]));
    answer.is(429, "too many submissions are waiting");
    let seconds: u32 = answer
        .header("retry-after")
        .expect("a header")
        .parse()
        .expect("seconds");
    assert!(seconds > 0);
    // What is known is answered all the same, and what is no package is no reason to come again.
    server.submit("5Fa", &waiting).with_status(200);
    server
        .submit("5Fa", b"x")
        .is(400, "submission must be a valid ZIP archive");
    assert_eq!(server.json("/status")["total_submissions"], 2);
    let kept = std::fs::read_dir(place.path("artifacts"))
        .expect("a folder")
        .count();
    assert_eq!(kept, 2, "nothing of the third was kept");
}

#[test]
fn a_package_that_comes_again_keeps_its_result() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let zip = zip_of(&[("harness.py", "a = 1\n")]);
    let id = server.submit_harness("5Fa", "a = 1\n");
    let detail = server.wait_for(&id, "completed");
    let again = server.submit("5Fa", &zip).with_status(200).json();
    assert_eq!(
        (&again["id"], &again["status"], &again["score"]),
        (&json!(id), &json!("completed"), &detail["score"])
    );
    assert_eq!(journal(&place).len(), 1);
    // A batch on the same database meets it too.
    drop(server);
    place.file("again.zip", &zip);
    let mut run = place.command(&["run", "again.zip", "--hotkey", "5Fa", "--format", "json"]);
    run.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
    let ran = Ran::of(run.output().expect("dfab starts")).exits(0);
    assert_eq!(ran.json()["submissions"][0]["id"], json!(id));
    assert_eq!(ran.json()["submissions"][0]["score"], detail["score"]);
}

#[test]
fn the_server_and_a_batch_find_the_same() {
    let sources = [
        ("5Fa", "def f(a, b):\n    return a + b\n"),
        ("5Fb", "def g(x, y):\n    return x + y\n"),
        ("5Fa", "# case: broken\n"),
        ("5Fc", "import os\nos.system('x')\n"),
        ("5Fd", "x = [1, 2, 3]\n"),
    ];
    let served = Place::new();
    let server = Server::start(&served, &["-j", "3"]);
    let ids: Vec<String> = sources
        .iter()
        .map(|(key, source)| server.submit_harness(key, source))
        .collect();

    let batch = Place::new();
    let mut list = String::from("package,hotkey\n");
    for (index, (key, source)) in sources.iter().enumerate() {
        batch.zip(&format!("{index}.zip"), &[("harness.py", source)]);
        list.push_str(&format!("{index}.zip,{key}\n"));
    }
    batch.file("list.csv", list);
    drop(command(&batch, &[]));
    let mut run = batch.command(&["run", "@list.csv", "--format", "json", "--exit-zero"]);
    run.env("DFAB_SCRIPTED_EXECUTOR", batch.path("script.json"));
    let ran = Ran::of(run.output().expect("dfab starts")).exits(0).json();
    for (index, id) in ids.iter().enumerate() {
        let record = &ran["submissions"][index];
        let detail = server.wait_for(id, record["status"].as_str().expect("a status"));
        for field in [
            "id",
            "score",
            "passed",
            "error",
            "plagiarism",
            "judge",
            "violations",
            "static_review",
        ] {
            assert_eq!(detail[field], record[field], "{field} of {index}");
        }
        assert_eq!(detail["metrics"]["result"]["metrics"], record["metrics"]);
    }
}

#[test]
fn this_machines_failures_are_tried_again_and_never_held_against_a_package() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let id = server.submit_harness("5Fa", "# case: flaky\n");
    let detail = server.wait_for(&id, "completed");
    assert_eq!(detail["error"], Value::Null);
    assert!(server.log().contains("will try again"), "{}", server.log());

    let waiting = {
        let endless = server.submit_harness("5Fa", "# case: endless\n");
        server.wait_for(&endless, "running");
        server.submit_harness("5Fb", "a = 1\n")
    };
    server.kill();
    std::fs::remove_file(place.path(&format!("artifacts/{waiting}/source.zip")))
        .expect("it is kept");
    let server = Server::start(&place, &["-j", "2"]);
    let detail = server.wait_for(&waiting, "failed");
    let error = detail["error"].as_str().expect("an error");
    assert!(
        error.starts_with("could not be evaluated on this machine: "),
        "{error}"
    );
    // That was no verdict: handed in again, it is evaluated.
    assert_eq!(server.submit_harness("5Fb", "a = 1\n"), waiting);
    let detail = server.wait_for(&waiting, "completed");
    assert_eq!(detail["error"], Value::Null);
}

#[test]
fn a_kept_package_that_is_another_is_not_evaluated() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let endless = server.submit_harness("5Fa", "# case: endless\n");
    server.wait_for(&endless, "running");
    let id = server.submit_harness("5Fb", "a = 1\n");
    server.kill();
    place.zip(
        &format!("artifacts/{id}/source.zip"),
        &[("harness.py", "b = 2\n")],
    );
    let server = Server::start(&place, &["-j", "2"]);
    let detail = server.wait_for(&id, "failed");
    let error = detail["error"].as_str().expect("an error");
    assert!(
        error.ends_with("the kept package is not the one that was sent"),
        "{error}"
    );
}

#[test]
fn a_database_has_one_server() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let second = command(&place, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .expect("dfab starts");
    Ran::of(second)
        .exits(3)
        .says("another server has the database");
    server.is_alive();
    server.kill();
    Server::start(&place, &[]).is_alive();
}

#[test]
fn other_routes_answer_while_all_workers_are_at_work() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "2"]);
    let ids = [
        "# case: endless\na = 1\n",
        "# case: endless\nb = []\n",
        "c = {}\n",
    ]
    .map(|source| server.submit_harness("5Fa", source));
    server.wait_for(&ids[1], "running");
    std::thread::scope(|scope| {
        for path in [
            "/health",
            "/leaderboard",
            "/status",
            "/submissions",
            "/",
            "/agent/5Fa",
            "/stats",
        ] {
            let server = &server;
            scope.spawn(move || (0..20).for_each(|_| drop(server.get(path).with_status(200))));
        }
    });
    assert_eq!(
        server.json(&format!("/submissions/{}", ids[2]))["status"],
        "pending"
    );
}

#[test]
fn a_harness_is_really_run() {
    let place = Place::new();
    let mut real = command(&place, &["-j", "1"]);
    real.env_remove("DFAB_SCRIPTED_EXECUTOR");
    let server = Server::of(real);
    let id = server.submit_harness("5Fa", crate::support::SMALL_HARNESS);
    let detail = server.wait_for(&id, "completed");
    assert_eq!(detail["conversation_count"], 2);
    assert_eq!(detail["metrics"]["execution"]["returncode"], 0);
}

#[test]
fn a_language_model_that_does_not_answer_is_done_without() {
    let place = Place::new();
    let asked = [
        "--llm-judge-enabled",
        "true",
        "--llm-endpoint",
        "http://127.0.0.1:1/",
        "--llm-max-retries",
        "0",
    ];
    let server = Server::start(&place, &asked);
    let id = server.submit_harness("5Fa", "a = 1\n");
    let detail = server.wait_for(&id, "completed");
    assert_eq!(detail["judge"]["llm_used"], false);
    let (_, log) = server.stop();
    assert!(log.contains("the heuristic alone judged this"), "{log}");
}
