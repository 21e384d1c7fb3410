//! The pages for people.

use crate::support::{Answer, Place, Server, zip_of};

/// That nothing in a page can do anything, and that no miner's text became markup.
#[track_caller]
fn page(answer: Answer) -> String {
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = answer.body;
    for word in [
        "<script", "http://", "https://", " style=", " src=", "@import", "onerror", "<img",
        "\u{1b}",
    ] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert!(text.ends_with("</html>\n"));
    text
}

#[test]
fn the_overview_leads_to_every_submission() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let empty = page(server.get("/").with_status(200));
    assert!(
        empty.contains("Nothing is completed yet")
            && empty.contains("Nothing has been submitted yet")
    );
    let done = server.submit_harness("5Fa<script>alert(1)</script>", "a = 1\n");
    let failed = server.submit_harness("5F\"b' onerror=x", "# case: broken\n");
    server.wait_for(&done, "completed");
    server.wait_for(&failed, "failed");
    let running = server.submit_harness("5Fc", "# case: endless\n");
    server.wait_for(&running, "running");
    let home = server.get("/").with_status(200);
    let text = home.body.replace("onerror=x", "");
    page(Answer {
        body: text.clone(),
        ..home
    });
    for id in [&done, &failed, &running] {
        assert!(text.contains(&format!("href=\"view/{id}\"")), "{id}");
        server.get(&format!("/view/{id}")).with_status(200);
    }
    assert!(
        text.contains("5Fa&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{text}"
    );
    assert!(
        text.contains("3 submissions of 3 hotkeys, 1 completed, 1 waiting or running."),
        "{text}"
    );
    assert!(
        text.contains("boom <i class=\"esc\">\\x1b</i>[31m&lt;/pre&gt;"),
        "{text}"
    );
}

#[test]
fn a_submission_shows_metrics_findings_in_their_lines_neighbour_logs_and_samples() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let source =
        "import subprocess\n\n\ndef run(x):\n    return subprocess.run(x)  # </pre><b>bold</b>\n";
    let zip = |name: &str| zip_of(&[("harness.py", "import lib\n"), (name, source)]);
    let first = server
        .submit("5Fa", &zip("lib/<i>x.py"))
        .with_status(200)
        .json();
    let second = server
        .submit("5Fb", &zip("lib/y.py"))
        .with_status(200)
        .json();
    let [first, second] =
        [first, second].map(|answer| answer["id"].as_str().expect("an id").to_owned());
    server.wait_for(&first, "completed");
    server.wait_for(&second, "failed");

    let text = page(server.get(&format!("/view/{first}")).with_status(200));
    assert_eq!(
        text.matches("<rect width=").count(),
        9 + 4,
        "nine metrics and the judge's four"
    );
    assert!(text.contains("lib/&lt;i&gt;x.py"), "{text}");
    assert!(
        text.contains(
            "data-n=\"5\"><bdi>    return subprocess.run(x)  # &lt;/pre&gt;&lt;b&gt;bold"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "<span class=\"badge warn\"><bdi>warning</bdi></span> <bdi>subprocess.run</bdi>"
        ),
        "{text}"
    );
    assert!(text.contains("Standard error") && text.contains("working\n"));
    assert!(
        text.contains("1. <bdi>please fix the bug in the parser &lt;script&gt;"),
        "{text}"
    );
    assert!(text.contains("nothing to compare with"));

    let text = page(server.get(&format!("/view/{second}")).with_status(200));
    assert!(
        text.contains(&format!("href=\"{first}\"")),
        "a link to the neighbour"
    );
    assert!(
        text.contains("<span class=\"badge bad\"><bdi>plagiarized</bdi></span>"),
        "{text}"
    );
    assert!(text.contains("nearest-neighbor code plagiarism detected"));
}

#[test]
fn a_page_does_not_need_the_package_nor_an_evaluation() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let id = server.submit_harness("5Fa", "import os\nos.system('x')\n");
    server.wait_for(&id, "failed");
    let with = page(server.get(&format!("/view/{id}")).with_status(200));
    assert!(with.contains("data-n=\"2\"><bdi>os.system('x')"), "{with}");
    assert!(with.contains("The harness was not run."));
    std::fs::remove_dir_all(place.path("artifacts")).expect("it is there");
    let without = page(server.get(&format!("/view/{id}")).with_status(200));
    assert!(
        without.contains("os.system") && without.contains(", line 2"),
        "{without}"
    );
    let waiting = server.submit_harness("5Fb", "# case: endless\n");
    let early = page(server.get(&format!("/view/{waiting}")).with_status(200));
    assert!(early.contains("It has not been evaluated yet"));
    page(server.get("/view/nope").with_status(404));
    page(server.get("/view/%3Cscript%3E").with_status(404));
}
